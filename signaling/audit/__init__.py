"""One log of who did what."""
