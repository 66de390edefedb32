"""已发布: what branches have published, with its use, for their resource admins."""
