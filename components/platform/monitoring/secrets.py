"""Secrets that exist, mounted into a pod: a folder each below one, a file for each key."""

from collections.abc import Iterable

from pulumi_kubernetes.core.v1 import VolumeArgsDict, VolumeMountArgsDict

from components.platform.monitoring.scrape import SecretKey


def volumes(keys: Iterable[SecretKey]) -> list[VolumeArgsDict]:
    return [{"name": f"secret-{name}", "secret": {"secret_name": name}} for name in _names(keys)]


def mounts(keys: Iterable[SecretKey], folder: str) -> list[VolumeMountArgsDict]:
    return [{"name": f"secret-{name}", "mount_path": f"{folder}/{name}", "read_only": True} for name in _names(keys)]


def _names(keys: Iterable[SecretKey]) -> list[str]:
    return sorted({key.name for key in keys})
