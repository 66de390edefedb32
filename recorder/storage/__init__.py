"""Storage: where the files of recordings lie. `api` is the port, `folder` its first adapter."""
