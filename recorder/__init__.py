"""Keeps lessons: tap → archive → finish → library. Others know `recorder.api` only."""
