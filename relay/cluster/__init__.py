"""Relays of one lesson: pipes between the owner's and the edges', on a port of their own."""
