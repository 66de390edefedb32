"""Pure parts of 自动排课: the problem, its options, named rules and the proposal."""
