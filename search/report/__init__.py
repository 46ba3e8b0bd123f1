"""The report of a study: one HTML page with its figures, which needs no network."""
