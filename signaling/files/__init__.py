"""Everything that is uploaded, and what jobs make for download."""
