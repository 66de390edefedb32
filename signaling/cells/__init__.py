"""Cells: which processes are there, and which of them owns which lesson."""
