"""People, lessons, rooms, permissions, HTTP and WebSocket: the control side of Tongke."""
