"""What may vary: parameters and search spaces; standard library only."""
