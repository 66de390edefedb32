"""附件: 教案, 课件, 习题 beside a version."""
