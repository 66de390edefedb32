"""Pipes: a room's media on its way from the owner's relay to an edge's."""
