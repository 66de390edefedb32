"""Shared parts of the directory's nouns: pages, search, change, disabling."""
