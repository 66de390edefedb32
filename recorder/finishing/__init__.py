"""Finishing: playable files from an archive, made in a process of its own."""
