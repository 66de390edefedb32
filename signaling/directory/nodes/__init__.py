"""区域: the org tree from the country to its counties."""
