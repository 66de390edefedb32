"""授权同意: who may be shown, kept per class and term."""
