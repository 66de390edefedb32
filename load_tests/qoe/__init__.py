"""What a classroom sees and hears over a poor link: real browsers, profiles as data, figures.

`profile` reads `load_tests/profiles/*.toml`, `content` makes what the cameras see, `seats` opens
browsers on both sides of the link, `tongke` and `direct` are the systems compared, `run` does one
run, `figures` turns its series into numbers (pure), `bench` does many, `report` and `plot` show
them.
"""
