"""Pure parts of files: the words of tus, kinds by their bytes, names for downloads."""
