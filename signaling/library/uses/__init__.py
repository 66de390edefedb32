"""Use of what is published: counts per day and resource, without anybody's identity."""
