"""The live room: its state, channels and recording."""
