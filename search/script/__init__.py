"""A trial, or an ensemble, as a plain Keras script that needs nothing of tunefold."""
