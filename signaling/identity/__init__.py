"""Logins, sessions, devices and passwords."""
