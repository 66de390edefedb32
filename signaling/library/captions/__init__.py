"""字幕: cues beside a version, made by a job or by hand, and given to viewers as WebVTT."""
