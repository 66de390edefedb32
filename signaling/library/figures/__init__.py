"""一师一优课 coverage, and use per teacher and school."""
