"""Tests of the measuring tools in .ci/house."""
