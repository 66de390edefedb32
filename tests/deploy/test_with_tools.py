"""The chart as helm renders it, and the alarms as promtool tries them (`make test-deploy`)."""

import os
import re
import shutil
import subprocess
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from signaling.base.config import load
from tests.support.deployment import CHART, CONFIG, DEPLOY, REPOSITORY, unknown
from tests.support.yaml_files import documents

pytestmark = pytest.mark.deploy_tools
TOOLS = f"{REPOSITORY}/build/deploy-tools:{os.environ['PATH']}"
TWO_GROUPS = tuple(
    f"--set=cells.groups[{number}].{key}={value}"
    for number, group in enumerate(
        (
            {"name": "a", "replicas": 2, "udpPort": 7900, "doorPort": 7801},
            {"name": "b", "replicas": 2, "udpPort": 7901, "doorPort": 7802},
        )
    )
    for key, value in group.items()
)


def run(tool: str, *words: str | Path) -> str:
    """What a tool prints; it must succeed."""
    program = shutil.which(tool, path=TOOLS)
    assert program is not None, f"{tool} is missing: run .ci/install-deploy-tools"
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@cache
def rendered(values: Sequence[str] = ()) -> list[dict[str, Any]]:
    """All manifests; built by `go install`, helm takes itself for a very old Kubernetes."""
    return documents(run("helm", "template", "county", CHART, "--kube-version", "1.31.0", *values))


def of(kind: str, values: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """The manifests of a kind by name."""
    return {one["metadata"]["name"]: one for one in rendered(values) if one["kind"] == kind}


def pods(values: Sequence[str] = ()) -> dict[str, dict[str, Any]]:
    """What each pod is, by the name of what makes it."""
    makers = of("Deployment", values) | of("StatefulSet", values)
    return {name: one["spec"]["template"]["spec"] for name, one in makers.items()}


def test_helm_finds_no_fault() -> None:
    run("helm", "lint", CHART, "--kube-version", "1.31.0", "--strict")


def test_it_brings_the_files_that_compose_mounts() -> None:
    data = of("ConfigMap")["county-config"]["data"]
    assert data == {one.name: one.read_text() for one in CONFIG.glob("*.toml")}


@pytest.mark.parametrize("name", ["county-web", "county-cell-a", "county-worker"])
def test_each_pod_is_a_configuration_that_the_server_takes(name: str, tmp_path: Path) -> None:
    pod = pods()[name]
    (container,) = pod["containers"]
    variables = {one["name"]: one.get("value", "10.0.0.7") for one in container["env"]}
    known = dict(variables)
    for key, text in variables.items():
        variables[key] = re.sub(r"\$\((\w+)\)", lambda found: known[found[1]], text)
    assert not unknown(variables)
    for secret in ("database_url", "redis_url"):
        (tmp_path / secret).write_text("redis://10.0.0.3" if secret == "redis_url" else "sqlite://")
        variables[f"TONGKE_{secret.upper()}_FILE"] = str(tmp_path / secret)
    (config,) = [one for one in pod["volumes"] if one["name"] == "config"]
    (item,) = config["configMap"]["items"]
    settings = load(CONFIG / item["key"], variables)
    assert settings.roles == (container["name"],)
    mounted = {one["mountPath"] for one in container["volumeMounts"]}
    assert {settings.data_dir, "/etc/tongke", "/run/secrets", "/tmp"} <= mounted
    if "cell" in settings.roles:
        assert settings.door == f"http://10.0.0.7:{container['ports'][0]['containerPort']}"


@pytest.mark.parametrize("name", ["county-web", "county-cell-a", "county-worker"])
def test_pods_are_locked_up_and_get_no_variables_of_services(name: str) -> None:
    pod = pods()[name]
    assert pod["enableServiceLinks"] is False  # TONGKE_HTTP_PORT would be tcp://…
    assert pod["securityContext"]["runAsNonRoot"] is True
    (container,) = pod["containers"]
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"startupProbe", "readinessProbe", "livenessProbe"} <= set(container)
    # Kubernetes puts no variables into the commands of probes.
    assert "$(" not in str([value for key, value in container.items() if "Probe" in key])


def test_cells_have_the_ports_of_their_machine_and_die_one_by_one() -> None:
    found = {name: pod for name, pod in pods(TWO_GROUPS).items() if "-cell-" in name}
    assert set(found) == {"county-cell-a", "county-cell-b"}
    taken = []
    for name, pod in found.items():
        assert pod["hostNetwork"] is True
        assert pod["dnsPolicy"] == "ClusterFirstWithHostNet"
        assert pod["terminationGracePeriodSeconds"] >= 80  # a drain of 60 s, 20 s for recordings
        (ports,) = [container["ports"] for container in pod["containers"]]
        assert all(port["hostPort"] == port["containerPort"] for port in ports)
        taken += [port["hostPort"] for port in ports]
        (apart,) = pod["affinity"]["podAntiAffinity"][
            "requiredDuringSchedulingIgnoredDuringExecution"
        ]
        maker = of("StatefulSet", TWO_GROUPS)[name]
        labels = maker["spec"]["template"]["metadata"]["labels"]
        for selector in (
            apart["labelSelector"],
            maker["spec"]["selector"],
            of("PodDisruptionBudget", TWO_GROUPS)[name]["spec"]["selector"],
        ):
            assert selector["matchLabels"].items() <= labels.items()
        assert of("PodDisruptionBudget", TWO_GROUPS)[name]["spec"]["maxUnavailable"] == 1
    assert len(set(taken)) == 4


def test_a_browser_comes_back_to_the_same_web_process() -> None:
    annotations = of("Ingress")["county"]["metadata"]["annotations"]
    assert annotations["nginx.ingress.kubernetes.io/affinity"] == "cookie"
    assert all(isinstance(value, str) for value in annotations.values())


def test_traces_are_off_until_a_collector_is_named() -> None:
    wanted = ("--set=tracing.endpoint=http://collector:4318/v1/traces", "--set=tracing.ratio=0.5")
    for values, expected in (((), {}), (wanted, ("http://collector:4318/v1/traces", "0.5"))):
        for pod in pods(values).values():
            given = {one["name"]: one.get("value") for one in pod["containers"][0]["env"]}
            assert not unknown(given)
            traces = [given[name] for name in sorted(given) if "TRACE" in name]
            assert traces == list(expected)


def test_there_is_one_worker_at_any_time() -> None:
    spec = of("Deployment")["county-worker"]["spec"]
    assert spec["replicas"] == 1
    assert spec["strategy"] == {"type": "Recreate"}


def test_all_processes_share_one_folder() -> None:
    assert of("PersistentVolumeClaim")["county-data"]["spec"]["accessModes"] == ["ReadWriteMany"]
    for pod in pods().values():
        (data,) = [one for one in pod["volumes"] if one["name"] == "data"]
        assert data["persistentVolumeClaim"]["claimName"] == "county-data"


def test_prometheus_takes_alarms_and_configuration() -> None:
    run("promtool", "check", "config", "--lint=all", DEPLOY / "monitoring" / "prometheus.yml")


def test_alarms_ring_when_they_must(tmp_path: Path) -> None:
    for file in (DEPLOY / "monitoring" / "alerts.yml", Path(__file__).parent / "alarms.yml"):
        shutil.copy(file, tmp_path)
    run("promtool", "test", "rules", tmp_path / "alarms.yml")
