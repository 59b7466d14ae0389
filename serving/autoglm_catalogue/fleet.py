"""All keys of one model as they were at one revision, and questions about them. Pure."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from autoglm_catalogue import records
from autoglm_catalogue.records import Active, RecordError, Replica, Rollout, VersionRecord
from autoglm_catalogue.traffic import Traffic, total
from autoglm_etcd.keys import Keys, KeyValue


@dataclass(frozen=True, kw_only=True)
class Fleet:
    """`revisions`: of each key, for the conditions of a transaction."""

    versions: Mapping[str, VersionRecord] = field(default_factory=dict)
    active: Active | None = None
    rollout: Rollout | None = None
    replicas: Mapping[str, Replica] = field(default_factory=dict)
    traffic: Mapping[str, Mapping[str, Traffic]] = field(default_factory=dict)
    """By replica, then by version."""
    revisions: Mapping[str, int] = field(default_factory=dict)

    def of(self, version: str) -> Mapping[str, Traffic]:
        """What replicas tell of a version, by replica."""
        return {replica: told[version] for replica, told in self.traffic.items() if version in told}

    def since(self, before: "Fleet", version: str) -> Traffic:
        earlier = before.of(version)
        return total(now.since(earlier.get(replica)) for replica, now in self.of(version).items())


def read(model: str, items: Iterable[KeyValue]) -> Fleet:
    """Raises RecordError."""
    prefixes = (records.base(model), records.replicas(model))
    versions: dict[str, VersionRecord] = {}
    replicas: dict[str, Replica] = {}
    traffic: dict[str, dict[str, Traffic]] = {}
    revisions: dict[str, int] = {}
    active: Active | None = None
    rollout: Rollout | None = None
    for item in items:
        revisions[item.key] = item.revision
        kind, _, name = item.key.removeprefix(prefixes[0]).removeprefix(prefixes[1]).partition("/")
        match kind:
            case "versions":
                versions[name] = records.read(VersionRecord, item.key, item.value)
            case "active":
                active = records.read(Active, item.key, item.value)
            case "rollout":
                rollout = records.read(Rollout, item.key, item.value)
            case "standing":
                replicas[name] = records.read(Replica, item.key, item.value)
            case "traffic":
                traffic[name] = _traffic(item)
    return Fleet(
        versions=versions,
        active=active,
        rollout=rollout,
        replicas=replicas,
        traffic=traffic,
        revisions=revisions,
    )


def ask(model: str, keys: Keys) -> Fleet:
    """Raises EtcdError, RecordError."""
    prefixes = (records.replicas(model), records.base(model))
    return read(model, [item for prefix in prefixes for item in keys.list(prefix).items])


def _traffic(item: KeyValue) -> dict[str, Traffic]:
    try:
        told = json.loads(item.value)
        return {
            version: Traffic(failed=int(one["failed"]), seconds=tuple(map(int, one["seconds"])))
            for version, one in told.items()
        }
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise RecordError(f"{item.key} does not hold traffic by version: {error!r}") from None
