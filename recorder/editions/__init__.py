"""Editions: HLS renditions of a recording for many players, made by a job."""
