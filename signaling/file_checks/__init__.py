"""The check of uploads by jobs: what they hold, and a clean copy of videos."""
