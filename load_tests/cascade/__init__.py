"""One room over two relays: what the pipe between them adds, and what it costs."""
