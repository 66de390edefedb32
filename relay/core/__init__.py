"""The media path: pure code without sockets, asyncio or a clock."""
