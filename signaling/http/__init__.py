"""The HTTP face of the signaling service."""
