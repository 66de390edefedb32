"""Link quality, now and over time."""
