"""The tracing that the settings ask for. OpenTelemetry is loaded only where it is used."""

from __future__ import annotations

import socket

from signaling.base.config import Config, ConfigError
from signaling.tracing.api import NO_TRACING, Tracing


def tracing_of(config: Config) -> Tracing:
    """Return what makes spans in this process.

    Raises:
        ConfigError: traces are wanted, and the packages for them are not installed.
    """
    if not config.trace_endpoint:
        return NO_TRACING
    try:
        from signaling.tracing.otel import OtelTracing, exporter_to  # noqa: PLC0415
    except ModuleNotFoundError as error:
        message = f"trace_endpoint needs the extra tongke[tracing]: {error.name} is not installed"
        raise ConfigError(message) from None
    node_id = config.node_id or socket.gethostname()
    return OtelTracing(exporter_to(config.trace_endpoint), config.trace_ratio, node_id)
