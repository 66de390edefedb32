"""The formula of the ledger: pure and versioned."""
