"""Reading the sound of recordings, for what is made of speech."""
