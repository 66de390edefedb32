"""上传视频 / 微课: resources that point at an upload, kept like a recording."""
