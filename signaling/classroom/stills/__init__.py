"""Courseware as still pictures, for links that carry no video."""
