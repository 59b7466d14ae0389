"""What tells one embedded cluster from another: its name and its address ranges; every path and address follows."""

import json
import os
import re
from dataclasses import dataclass, fields
from functools import cached_property
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any, Self

from tools.cluster.errors import ClusterError
from tools.paths import BIN, CLUSTER, TOOLS

DEFAULTS = {
    "node_range": IPv4Network("172.31.254.0/30"),
    "service_range": IPv4Network("10.97.0.0/16"),
    "pod_range": IPv4Network("10.245.0.0/24"),
}
RANGES = tuple(DEFAULTS)
_NAME = re.compile(r"[a-z]([a-z0-9-]{0,10}[a-z0-9])?")  # becomes part of an interface name of at most 15 characters


@dataclass(frozen=True, kw_only=True)
class ClusterSettings:
    """Settings of one cluster; two of them run side by side when names and ranges differ.

    `node_range` is the /30 between the machine (first address) and the node (second one). Ranges are kept with the
    cluster's data, as Services and certificates hold addresses of them: other ranges need `wipe` first.
    """

    name: str = "dev"
    node_range: IPv4Network = DEFAULTS["node_range"]
    service_range: IPv4Network = DEFAULTS["service_range"]
    pod_range: IPv4Network = DEFAULTS["pod_range"]
    binaries: Path = BIN
    host_tools: Path = TOOLS / "host"
    root: Path = CLUSTER

    def __post_init__(self) -> None:
        if not _NAME.fullmatch(self.name):
            raise ClusterError(
                f"name: {self.name!r} is not 1-12 lower-case letters, digits and inner '-' that start with a letter"
            )
        if self.node_range.prefixlen != 30:
            raise ClusterError(f"node_range: {self.node_range} is not a /30, which holds the machine and the node")
        for field, longest in (("service_range", 24), ("pod_range", 27)):
            if getattr(self, field).prefixlen > longest:
                raise ClusterError(f"{field}: {getattr(self, field)} is too small; use a /{longest} or a larger range")
        for i, first in enumerate(RANGES):
            for second in RANGES[i + 1 :]:
                if getattr(self, first).overlaps(getattr(self, second)):
                    raise ClusterError(
                        f"{first}: {getattr(self, first)} overlaps {second} {getattr(self, second)}; use another range"
                    )

    @classmethod
    def load(cls, name: str = "dev", **overrides: object) -> Self:
        """Ranges as the cluster was made with, else as given (text will do), else from CLUSTER_NODE_RANGE,
        CLUSTER_SERVICE_RANGE and CLUSTER_POD_RANGE, else the defaults. ClusterError if a given one is not the kept one.
        """
        given: dict[str, Any] = {key: value for key, value in overrides.items() if value is not None}
        for field in RANGES:
            value = given.get(field) or os.environ.get(setting_name(field))
            if value is not None:
                try:
                    given[field] = IPv4Network(str(value))
                except ValueError as problem:
                    raise ClusterError(f"{field}: {value!r} is not a range of IPv4 addresses: {problem}") from None
        wanted = cls(name=name, **given)
        if not wanted.kept_ranges.exists():
            return wanted
        kept = {field: IPv4Network(value) for field, value in json.loads(wanted.kept_ranges.read_text()).items()}
        for field, value in kept.items():
            if field in given and given[field] != value:
                raise ClusterError(
                    f"{field}: {given[field]} is not {value}, with which the cluster {name!r} was made; "
                    f"drop the setting, or remove the cluster's data first: python -m tools.cluster wipe --name {name}"
                )
        return cls(**{f.name: getattr(wanted, f.name) for f in fields(cls)} | kept)

    @cached_property
    def folder(self) -> Path:
        """Everything the cluster keeps."""
        return self.root / self.name

    @property
    def kept_ranges(self) -> Path:
        return self.folder / "ranges.json"

    @property
    def kubeconfig(self) -> Path:
        """Administrator's credentials, mode 0600; the one context in it is `context`."""
        return self.folder / "kubeconfig"

    @property
    def context(self) -> str:
        return f"autoglm-{self.name}"

    @property
    def node(self) -> str:
        """Name of the node, of its cgroup and of the host's end of the link, but for the prefix."""
        return f"autoglm-{self.name}"

    @property
    def link(self) -> str:
        return f"ag-{self.name}"

    @property
    def host_address(self) -> IPv4Address:
        return self.node_range[1]

    @property
    def node_address(self) -> IPv4Address:
        """Reached from this machine only: API server on port 6443, NodePorts."""
        return self.node_range[2]

    @property
    def api_server(self) -> str:
        return f"https://{self.node_address}:6443"

    @property
    def api_service_address(self) -> IPv4Address:
        return self.service_range[1]

    @property
    def dns_address(self) -> IPv4Address:
        return self.service_range[10]

    def log(self, process: str) -> Path:
        return self.folder / "log" / f"{process}.log"

    def key(self, name: str) -> Path:
        return self.folder / "pki" / f"{name}.key"

    def certificate(self, name: str) -> Path:
        return self.folder / "pki" / f"{name}.crt"

    def config(self, name: str) -> Path:
        return self.folder / "etc" / name


def setting_name(field: str) -> str:
    """The environment variable that sets a range."""
    return f"CLUSTER_{field.upper()}"
