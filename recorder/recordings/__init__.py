"""The recordings: one row for each, and the table that holds them."""
