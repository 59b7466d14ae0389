"""The report and its checks, on machines that we make up."""

from dataclasses import replace

import pytest

from tools.cluster_choice import Kind
from tools.machine import Facts, collect
from tools.preflight import FEATURES, NODE_PROGRAMS, PORTS, check, report

GOOD = Facts(
    root=True,
    system="Linux 6.1 x86_64",
    python=(3, 11),
    cores=2,
    memory=16,
    memory_free=12,
    disk_free=100,
    cgroup=2,
    features=dict.fromkeys(FEATURES, True),
    programs=dict.fromkeys(NODE_PROGRAMS, "1.0"),
)


@pytest.mark.parametrize("kind", Kind)
def test_nothing_stands_in_the_way_of_a_good_machine(kind: Kind) -> None:
    assert check(GOOD, kind) == []


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"disk_free": 2.0}, ["disk", "2.0 GiB", "TOOLS_DIR"]),
        ({"memory": 3.0, "memory_free": 2.0}, ["memory", "3.0 GiB", "CONTEXT"]),
        ({"features": {**GOOD.features, "veth": False}}, ["kernel", "veth", "modprobe veth"]),
        ({"cgroup": None}, ["cgroup", "mount"]),
        ({"programs": {}}, ["nsenter", "apt-get install", "iproute2", "util-linux"]),
        ({"overlap": "node_range: 10.0.0.0/30 overlaps a route; choose another"}, ["node_range", "choose another"]),
    ],
)
def test_what_the_embedded_node_lacks_is_an_error_with_a_fix(change: dict[str, object], words: list[str]) -> None:
    (finding,) = check(replace(GOOD, **change), Kind.EMBEDDED)  # type: ignore[arg-type]
    assert finding.error
    assert all(word in str(finding) for word in words), str(finding)


def test_what_only_the_embedded_node_needs_is_no_matter_for_others() -> None:
    bare = replace(GOOD, features=dict.fromkeys(FEATURES, False), programs={}, cgroup=None, root=False)
    assert check(bare, Kind.OWN) == check(bare, Kind.KIND) == []


def test_kind_needs_the_ports_unless_it_is_its_own_cluster_that_has_them() -> None:
    busy = replace(GOOD, busy=PORTS)
    assert [finding.text.split(":")[0] for finding in check(busy, Kind.KIND)] == ["port 6443", "port 30080"]
    assert check(replace(busy, kind_runs=True), Kind.KIND) == check(busy, Kind.EMBEDDED) == []


def test_less_is_needed_once_all_is_built() -> None:
    assert check(replace(GOOD, disk_free=10), Kind.EMBEDDED)
    assert not check(replace(GOOD, disk_free=10, built=True), Kind.EMBEDDED)


def test_little_free_memory_is_a_warning() -> None:
    (finding,) = check(replace(GOOD, memory_free=1), Kind.EMBEDDED)
    assert not finding.error


def test_the_report_of_this_machine_hides_what_a_proxy_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://user:secret@proxy")
    lines = "\n".join(report(collect(PORTS)))
    assert "HTTPS_PROXY" in lines
    assert "secret" not in lines
    for word in ("machine", "cores", "GiB", "cgroup", "ports 6443", "python3"):
        assert word in lines
