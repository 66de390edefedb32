"""Timetables from the workbooks that schools have: read, matched, tried, and then applied."""
