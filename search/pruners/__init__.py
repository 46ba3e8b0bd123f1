"""Pruners: what is not worth finishing, decided by folds and by epochs."""
