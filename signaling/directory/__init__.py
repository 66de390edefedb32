"""Counties, schools, rooms and people."""
