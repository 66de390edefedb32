"""Lessons on 1, 2 and 4 cells: how much processor time does one cost, in which process?"""
