"""Revisions; each is named after what it does."""
