"""A lesson beside web load: how much later do its packets come, and how long do they pause?"""
