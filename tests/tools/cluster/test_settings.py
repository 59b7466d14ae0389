import json
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from tools.cluster import ClusterError, ClusterSettings
from tools.cluster.ranges import overlap


def test_addresses_follow_from_the_ranges() -> None:
    s = ClusterSettings()
    assert (s.host_address, s.node_address) == (IPv4Address("172.31.254.1"), IPv4Address("172.31.254.2"))
    assert (s.api_service_address, s.dns_address) == (IPv4Address("10.97.0.1"), IPv4Address("10.97.0.10"))


def test_the_longest_name_still_fits_an_interface() -> None:
    assert len(ClusterSettings(name="a23456789012").link) == 15


@pytest.mark.parametrize("name", ["", "A", "1a", "a-", "a b", "../x", "a234567890123"])
def test_a_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ClusterError, match="name: "):
        ClusterSettings(name=name)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"node_range": "172.31.254.0/29"}, "node_range: 172.31.254.0/29 is not a /30"),
        ({"pod_range": "10.245.0.0/28"}, "pod_range: .* too small"),
        ({"service_range": "10.97.0.0/25"}, "service_range: .* too small"),
        ({"pod_range": "10.97.4.0/24"}, "service_range: 10.97.0.0/16 overlaps pod_range 10.97.4.0/24"),
        ({"pod_range": "10.245.0.1/24"}, "pod_range: '10.245.0.1/24' is not a range .* host bits"),
        ({"pod_range": "ten"}, "pod_range: 'ten' is not a range"),
    ],
)
def test_a_bad_range_is_refused_by_name(tmp_path: Path, given: dict[str, str], message: str) -> None:
    with pytest.raises(ClusterError, match=message):
        ClusterSettings.load("x", root=tmp_path, **given)


def test_ranges_come_from_the_environment_and_a_given_one_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLUSTER_POD_RANGE", "10.1.0.0/24")
    monkeypatch.setenv("CLUSTER_SERVICE_RANGE", "10.2.0.0/24")
    s = ClusterSettings.load("x", root=tmp_path, pod_range="10.3.0.0/24")
    assert (str(s.pod_range), str(s.service_range)) == ("10.3.0.0/24", "10.2.0.0/24")


def test_a_cluster_keeps_the_ranges_it_was_made_with(tmp_path: Path) -> None:
    first = ClusterSettings.load("x", root=tmp_path, pod_range="10.1.0.0/24")
    first.folder.mkdir()
    kept = {field: str(getattr(first, field)) for field in ("node_range", "service_range", "pod_range")}
    first.kept_ranges.write_text(json.dumps(kept))
    assert ClusterSettings.load("x", root=tmp_path) == first
    with pytest.raises(ClusterError, match=r"pod_range: 10\.9\.0\.0/24 is not 10\.1\.0\.0/24.*wipe --name x"):
        ClusterSettings.load("x", root=tmp_path, pod_range="10.9.0.0/24")


@pytest.mark.parametrize(
    ("route", "field"),
    [
        ({"dst": "10.97.5.0/24", "dev": "docker0"}, "service_range"),
        ({"dst": "10.0.0.0/8", "dev": "tun0"}, "service_range"),
        ({"dst": "172.31.254.2", "dev": "eth0"}, "node_range"),
        ({"type": "blackhole", "dst": "10.245.0.0/16"}, "pod_range"),
    ],
)
def test_an_overlap_names_range_route_and_setting(route: dict[str, str], field: str) -> None:
    problem = overlap(ClusterSettings(), [{"dst": "default", "dev": "eth0"}, route])
    assert problem is not None
    for part in (
        f"{field}: ",
        route["dst"],
        route.get("dev", ""),
        f"--{field.replace('_', '-')}",
        f"CLUSTER_{field.upper()}",
    ):
        assert part in problem


def test_default_routes_own_routes_and_neighbours_are_no_overlap() -> None:
    s = ClusterSettings()
    routes = [
        {"dst": "default", "dev": "eth0"},
        {"dst": "0.0.0.0/0", "dev": "tun0"},
        {"dst": "10.97.0.0/16", "dev": s.link},
        {"dst": "10.96.0.0/16", "dev": "eth0"},
    ]
    assert overlap(s, routes) is None
