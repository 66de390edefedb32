"""The chain of schema versions."""
