"""Reference copies: what a node further up shows of a resource that a school has published."""
