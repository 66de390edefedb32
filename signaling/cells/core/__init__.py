"""Pure rules of nodes and leases: time is an argument, and nothing is sent."""
