"""Permissions: actions, grants, and signed tokens."""
