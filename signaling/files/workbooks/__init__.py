"""Workbooks: .xlsx, .xls and CSV read from untrusted bytes, and .xlsx written."""
