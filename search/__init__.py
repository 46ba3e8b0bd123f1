"""How it is searched: engines, folds, journal, tracking, the command."""
