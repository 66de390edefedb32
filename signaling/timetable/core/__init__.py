"""Pure rules of the timetable: weeks, calendar, bells, clashes, expansion and changes."""
