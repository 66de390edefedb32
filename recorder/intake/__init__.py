"""Videos that somebody brings: examined, and copied into a clean file."""
