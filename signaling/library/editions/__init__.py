"""播放版本: the editions of published versions, from their order to their deletion."""
