"""The ground of every wing: clock, configuration, errors, ids, text, database."""
