"""Record of what was really taught: units, days, reasons, requirements, reported months."""
