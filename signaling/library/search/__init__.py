"""Finding resources by words, pinyin and initials."""
