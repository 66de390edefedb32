"""The demo county: a whole county with a term around today, and weeks that were taught."""
