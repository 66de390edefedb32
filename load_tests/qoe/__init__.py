"""Sight and sound of a classroom over a poor link: real browsers, profiles as data, figures.

`profile` reads `load_tests/profiles/*.toml`. `content` makes the pictures of the cameras. `seats`
opens browsers on both sides of the link. `tongke` and `direct` are the compared systems. `run` does
one run, and `bench` does many. `figures` turns a run's series into numbers (pure). `report` and
`plot` show them.
"""
