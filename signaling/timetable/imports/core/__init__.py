"""Pure reading of timetables: from cells to wishes, and what stands in the way of each."""
