"""Engines: who proposes the parameters of the next trial."""
