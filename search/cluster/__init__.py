"""Folds on an existing Dask cluster: workers may come and go while a study runs."""
