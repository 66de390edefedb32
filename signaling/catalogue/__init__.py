"""教材目录: names of stages, subjects, editions and volumes, and imported chapters."""
