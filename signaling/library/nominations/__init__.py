"""优课: a teacher's published resource is nominated for a school year."""
