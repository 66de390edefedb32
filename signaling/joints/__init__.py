"""Joints between wings of one floor: one asks, another answers. Wiring hands them in."""
