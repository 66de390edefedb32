"""电影模式: one MP4 of a version, from its order to its end."""
