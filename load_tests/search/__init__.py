"""Search over a large made-up library: how long it takes, and whether it finds all."""
