"""What Prometheus asks for figures, and its configuration. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self
from urllib.parse import urlsplit

from components.connections import Pods

Json = dict[str, Any]

INTERVAL = "15s"
RULES = "rules.json"
CONFIG_FOLDER = "/etc/prometheus/config"
SECRETS_FOLDER = "/etc/prometheus/secrets"


@dataclass(frozen=True, kw_only=True)
class Target:
    """The pods of one job. `port_name`: the container's name of the port, by which an operator finds it; `host`: name
    of the headless Service that they have already, as those of another namespace must."""

    job: str
    pods: Pods
    port: int
    port_name: str = "metrics"
    host: str | None = None

    def __post_init__(self) -> None:
        if self.pods.namespace and not self.host:
            raise ValueError(f"Target.host: none given for {self.job}, in namespace {self.pods.namespace}: name it")


@dataclass(frozen=True, kw_only=True)
class SecretKey:
    """One key of a Secret that exists in the region's namespace: the program never sees what is in it."""

    name: str
    key: str

    def __str__(self) -> str:
        return f"{self.name}/{self.key}"

    @classmethod
    def of(cls, held_in: str) -> Self:
        """NAME/KEY, as region files say it."""
        name, _, key = held_in.partition("/")
        return cls(name=name, key=key)


@dataclass(frozen=True, kw_only=True)
class RemoteWrite:
    """A store that gets every figure, too. `token`: sent as `Authorization: Bearer`."""

    url: str
    token: SecretKey | None = None

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError(f"RemoteWrite.url: {self.url} is not allowed: write it as https://host/path")
        if parts.password:
            raise ValueError("RemoteWrite.url: it has a password in it: give a token, by the Secret it is in")

    @property
    def port(self) -> int:
        parts = urlsplit(self.url)
        return parts.port or (443 if parts.scheme == "https" else 80)


def by_name(job: str, host: str, port: int) -> Json:
    """Every pod that a headless Service's name stands for: no rights in the cluster's API are needed for that."""
    return _job(job) | {"dns_sd_configs": [{"names": [host], "type": "A", "port": port, "refresh_interval": INTERVAL}]}


def by_address(job: str, *addresses: str) -> Json:
    """Processes that are always at the same place."""
    return _job(job) | {"static_configs": [{"targets": list(addresses)}]}


def config(
    jobs: Sequence[Json], *, stack: str, alertmanagers: Sequence[str], remote: RemoteWrite | None = None
) -> Json:
    """Prometheus' configuration; the rule file lies beside it."""
    return {
        "global": {
            "scrape_interval": INTERVAL,
            "evaluation_interval": INTERVAL,
            "external_labels": {"stack": stack},
        },
        "rule_files": [RULES],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": list(alertmanagers)}]}]},
        "scrape_configs": list(jobs),
        "remote_write": [_remote(remote)] if remote else [],
    }


def _job(job: str) -> Json:
    """A process whose own labels are called `job` or `instance` can't pass for another."""
    return {"job_name": job, "honor_labels": False, "scrape_timeout": "10s"}


def _remote(remote: RemoteWrite) -> Json:
    written: Json = {"url": remote.url}
    if remote.token:
        written["authorization"] = {"credentials_file": f"{SECRETS_FOLDER}/{remote.token}"}
    return written
