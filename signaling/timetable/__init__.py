"""课表: what a county teaches, when, where, and by whom."""
