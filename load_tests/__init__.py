"""Synthetic classes over the public protocols: load, measurements and the demonstration lesson."""
