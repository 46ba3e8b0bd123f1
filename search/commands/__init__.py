"""The commands of `tunefold`, a file for each subject; `search.cli` joins them."""
