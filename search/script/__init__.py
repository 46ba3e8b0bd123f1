"""A trial as a short plain Keras script or notebook that needs nothing of tunefold."""
