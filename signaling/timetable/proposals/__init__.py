"""自动排课: which lesson when, as a proposal that somebody may accept."""
