"""Terminals of rooms: bound by a one-time code, listed, and unbound."""
