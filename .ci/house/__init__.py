"""Measuring tools for the repository: its packages, its words, its picture.

The tools read files only and import no product code. One version of them therefore measures any
checkout, also one that is older than the tools: `make house ROOT=../before`.
"""
