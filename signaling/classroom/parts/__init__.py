"""The parts of a classroom: each file is one tool, from its commands to its saved state."""
