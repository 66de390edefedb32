"""The solver of 自动排课: the only package that knows OR-Tools, imported in worker processes."""
