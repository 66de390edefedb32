"""Calendar feeds: the lessons of a person or room for phones and Outlook, over a secret URL."""
