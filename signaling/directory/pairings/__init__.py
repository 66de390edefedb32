"""结对关系: which centre school gives lessons to which teaching point."""
