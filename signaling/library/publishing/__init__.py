"""发布: who may see what was passed, until when, and its files."""
