"""Storage: where the files of recordings lie. `api` is the port; `folder` and `s3` are adapters."""
