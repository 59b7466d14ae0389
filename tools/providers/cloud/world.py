"""What exists outside the stacks, for lookups, and where a cluster's API server really is: a file for tests.

`AUTOGLM_STANDIN_WORLD` names a YAML or JSON file. Without it every lookup finds what it asks for. docs/provider.md
lists the sections.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from tools.providers.protocol import ProviderFailure

VARIABLE: Final = "AUTOGLM_STANDIN_WORLD"
_SCALARS: Final = frozenset(("kubeconfig", "account", "appId", "availabilityZones", "gone", "changed", "failures"))
SECTIONS: Final = frozenset(
    ("vpcs", "subnets", "routeTables", "securityGroups", "clusters", "buckets", "keys", "dnsZones", "roles",
     "certificates", "images", "parameters", "registries", "versions", "instances", "services")
)  # fmt: skip


@dataclass(frozen=True)
class Api:
    """A Kubernetes API server, as a kubeconfig gives it; certificates and key in base64 of their PEM."""

    server: str
    ca: str
    certificate: str
    key: str
    text: str


@dataclass(frozen=True)
class World:
    """The file's content; an empty one stands for a cloud that has whatever is asked for."""

    content: Mapping[str, Any] = field(default_factory=dict)

    def records(self, section: str) -> list[dict[str, Any]] | None:
        """What exists of a kind, or None where the file does not say."""
        found = self.content.get(section)
        return None if found is None else [dict(item) for item in found]

    @cached_property
    def api(self) -> Api:
        """The API server that every cluster leads to: that of the kubeconfig, or one that answers nobody."""
        path = self.content.get("kubeconfig")
        return _api(Path(path)) if path else _nowhere()


def load(environment: Mapping[str, str] = os.environ) -> World:
    """The world of this process. Raises ProviderFailure for a file that can't be read or has unknown sections."""
    name = environment.get(VARIABLE)
    if not name:
        return World()
    import yaml  # not needed without a world

    try:
        content = yaml.safe_load(Path(name).read_text()) or {}
    except (OSError, yaml.YAMLError) as error:
        raise ProviderFailure(f"{VARIABLE}: {name}: {error}") from None
    if not isinstance(content, Mapping):
        raise ProviderFailure(f"{VARIABLE}: {name}: expected a table of sections")
    if unknown := sorted(content.keys() - _SCALARS - SECTIONS):
        there = ", ".join(sorted(_SCALARS | SECTIONS))
        raise ProviderFailure(f"{VARIABLE}: {name}: unknown sections {', '.join(unknown)}; there are {there}")
    return World(content)


def _api(path: Path) -> Api:
    import yaml

    text = path.read_text()
    config = yaml.safe_load(text)
    context = next(item["context"] for item in config["contexts"] if item["name"] == config["current-context"])
    cluster = next(item["cluster"] for item in config["clusters"] if item["name"] == context["cluster"])
    user = next(item["user"] for item in config["users"] if item["name"] == context["user"])

    def data(table: Mapping[str, Any], name: str) -> str:
        if inline := table.get(f"{name}-data"):
            return str(inline)
        file = table.get(name)
        return base64.b64encode((path.parent / file).read_bytes()).decode() if file else ""

    return Api(
        cluster["server"],
        data(cluster, "certificate-authority"),
        data(user, "client-certificate"),
        data(user, "client-key"),
        text,
    )


def _nowhere() -> Api:
    """TEST-NET-1 is never routed (RFC 5737); port 6443 of it stands for a private endpoint without a way to it."""
    server, pem = "https://192.0.2.1:6443", base64.b64encode(b"stand-in, not a certificate").decode()
    text = (
        "apiVersion: v1\nkind: Config\ncurrent-context: stand-in\n"
        f"clusters: [{{name: stand-in, cluster: {{server: '{server}'}}}}]\n"
        "users: [{name: stand-in, user: {token: stand-in}}]\n"
        "contexts: [{name: stand-in, context: {cluster: stand-in, user: stand-in}}]\n"
    )
    return Api(server, pem, pem, pem, text)
