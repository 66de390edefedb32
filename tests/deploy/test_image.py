"""The Dockerfile: no engine runs here, so its text is held to what an image must be."""

import json
import re
from fnmatch import fnmatch

import pytest

from tests.support.deployment import DEPLOY, REPOSITORY

TEXT = (DEPLOY / "Dockerfile").read_text()
FILE = re.sub(r"\\\n", " ", re.sub(r"^\s*#.*\n", "", TEXT, flags=re.MULTILINE))
LINES = [line.split(None, 1) for line in FILE.splitlines() if line.strip()]
LAST = LINES[max(i for i, (word, _) in enumerate(LINES) if word == "FROM") :]


def of_last(word: str) -> list[str]:
    """The arguments of an instruction in the last stage."""
    return [rest for name, rest in LAST if name == word]


def test_it_runs_as_nobody_special_and_is_stopped_by_its_signal() -> None:
    assert of_last("USER") == ["10001:10001"]
    assert of_last("STOPSIGNAL") == ["SIGTERM"]
    words = [word for word, _ in LAST]
    assert "RUN" not in words[words.index("USER") :]


@pytest.mark.parametrize("word", ["ENTRYPOINT", "CMD"])
def test_commands_are_lists_so_that_signals_reach_the_server(word: str) -> None:
    (arguments,) = of_last(word)
    assert all(isinstance(one, str) for one in json.loads(arguments))


def test_its_health_is_what_healthz_says() -> None:
    (check,) = of_last("HEALTHCHECK")
    command = json.loads(check.partition("CMD")[2])
    assert command[1:] == ["/opt/tongke/healthcheck.py", "http://127.0.0.1:8080/healthz"]
    assert any(rest.endswith("/opt/tongke/healthcheck.py") for rest in of_last("COPY"))


def test_whatever_is_copied_is_there_and_reaches_the_build() -> None:
    rules = (DEPLOY / "Dockerfile.dockerignore").read_text().split("\n")
    kept = [rule[1:] for rule in rules if rule.startswith("!")]
    for word, rest in LINES:
        if word != "COPY" or rest.startswith("--from"):
            continue
        for source in rest.split()[:-1]:
            assert (REPOSITORY / source).exists(), source
            path = source.rstrip("/")
            assert any(path == one or path.startswith(f"{one}/") for one in kept), source
    for kept_one in kept:
        assert (REPOSITORY / kept_one).exists(), kept_one
    assert not any(fnmatch("docs/deploy/secrets", one) for one in kept)


def test_whatever_pip_takes_has_a_hash() -> None:
    installs = re.findall(r"pip install ([^&\n]*)", FILE)
    assert len(installs) == 3
    for arguments in installs:
        locked = "--require-hashes -r requirements/" in arguments
        assert locked or "--no-deps --no-build-isolation" in arguments, arguments


def test_it_has_what_films_and_the_compiled_core_need() -> None:
    (packages,) = [rest for rest in of_last("RUN") if "apt-get install" in rest]
    tests_need = (REPOSITORY / ".ci" / "install-system").read_text()
    for package in ("fontconfig", "fonts-wqy-microhei"):
        assert package in packages
        assert package in tests_need
    assert any("/opt/tongke/build/relay_core/" in rest for rest in of_last("COPY"))
