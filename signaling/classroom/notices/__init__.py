"""通知 from the operator's board to the screens of rooms."""
