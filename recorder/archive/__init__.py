"""The archive: what the relay's tap brings, written to disk at once."""
