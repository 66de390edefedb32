"""The way out: slots of a viewer or tap, continuous streams, and what viewers report back."""
