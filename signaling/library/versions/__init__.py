"""资源 as an aggregate: its versions with metadata and edits, and who works on them."""
