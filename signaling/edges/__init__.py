"""One lesson over several relays: viewers of a lesson in other cells, its *edges*."""
