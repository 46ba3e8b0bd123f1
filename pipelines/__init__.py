"""What is learned: one file per task, load to evaluate."""
