"""What web process and cell must agree on: headers, envelopes, nonces, the choice of a cell."""
