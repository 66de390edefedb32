"""The pure part of the recorder: formats, timing, planning. No clock, no files, no threads."""
