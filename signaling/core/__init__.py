"""The pure rules: no sockets, no clock, no database."""
