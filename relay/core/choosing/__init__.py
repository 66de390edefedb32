"""The choice of what a viewer gets: layers by what its link carries, sounds by loudness."""
