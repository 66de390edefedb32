"""分享: links that open one published resource for a while."""
