"""Excel of the directory: templates, imports with a dry run, exports that can be imported again."""
