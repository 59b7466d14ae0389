"""What a region file says exists already, as the world of a cloud stand-in: without an account the file is believed."""

import os
from collections.abc import Mapping
from ipaddress import ip_network
from pathlib import Path
from typing import Any

import yaml

from tools.cluster.files import write
from tools.paths import ROOT

VARIABLE = "AUTOGLM_STANDIN_WORLD"  # as tools/providers/cloud/world.py reads it


def of_stack(stack: str) -> dict[str, Any]:
    """The world of a stack's file; empty where it can't be read, which the loader says better."""
    try:
        content = yaml.safe_load(_path(stack).read_text())
    except (OSError, yaml.YAMLError):
        return {}
    return of(content) if isinstance(content, Mapping) else {}


def written(stack: str, folder: Path) -> dict[str, str]:
    """The variable by which a stand-in finds a stack's world, and the file behind it; the user's own one stays."""
    if VARIABLE in os.environ:
        return {}
    path = folder / f"world.{stack}.yaml"
    write(path, yaml.safe_dump(of_stack(stack), sort_keys=False), 0o600)
    return {VARIABLE: str(path)}


def of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Only sections of which the file names something, so that the stand-in finds anything else that is asked for."""
    network, cluster = _part(content, "network"), _part(content, "cluster")
    existing = _part(network, "existing")
    zones = existing.get("zones") or network.get("zones")
    storage, dns = _part(content, "storage"), _part(content, "dns")
    key = storage.get("key")
    found: dict[str, Any] = {
        "account": content.get("accountId"),
        "appId": content.get("appId"),
        "availabilityZones": {content.get("region"): zones} if zones else None,  # of no other region than this
        "vpcs": [{"id": existing["vpc"], "cidr": existing.get("cidr")}] if "vpc" in existing else None,
        "subnets": _subnets(existing) or None,
        "clusters": _cluster(_part(cluster, "existing").get("id"), existing.get("vpc")),
        "buckets": [{"name": storage["bucket"]}] if storage.get("bucket") else None,
        "keys": [{"id": key, **({"arn": key} if str(key).startswith("arn:") else {})}] if key else None,
        "dnsZones": [{"id": dns["existing"], "name": dns.get("zone")}] if dns.get("existing") else None,
        "roles": [_role(role) for role in _part(_part(content, "identity"), "existing").values()] or None,
    }
    return {name: value for name, value in found.items() if value is not None}


def _path(stack: str) -> Path:
    return ROOT / "stacks" / f"{stack}.yaml"


def _part(content: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = content.get(name)
    return found if isinstance(found, Mapping) else {}


def _subnets(existing: Mapping[str, Any]) -> list[dict[str, Any]]:
    """One a zone, in the order of the zones; the file has no ranges of theirs, so each gets a part of the VPC's."""
    named = [
        (subnet, zone)
        for subnets in _part(existing, "subnets").values()
        for subnet, zone in zip(subnets, existing.get("zones") or [], strict=False)
    ]
    if not named:
        return []
    whole = ip_network(existing.get("cidr") or "10.0.0.0/8")
    parts = whole.subnets(prefixlen_diff=max(1, (len(named) - 1).bit_length()))
    return [
        {"id": subnet, "vpc": existing.get("vpc"), "zone": zone, "cidr": str(part)}
        for (subnet, zone), part in zip(named, parts, strict=False)
    ]


def _cluster(cluster: str | None, vpc: str | None) -> list[dict[str, Any]] | None:
    if not cluster:
        return None
    return [{"id": cluster, "name": cluster, **({"vpc": vpc} if vpc else {})}]


def _role(role: str) -> dict[str, Any]:
    """By its name, or by an id that ends in it, such as an ARN."""
    name = role.rpartition("/")[2]
    return {"id": name, "name": name}
