"""Accounts of people: made, activated, reset, closed and opened again."""
