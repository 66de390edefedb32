"""Traces of requests, commands and jobs, for whoever keeps an OpenTelemetry collector."""
