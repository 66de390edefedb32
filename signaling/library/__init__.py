"""The resource library."""
