"""Child processes of one server: started in order, kept running, stopped in order."""
