"""Recovery: a standby that does not share the fate of what it stands in for, in the time that was promised."""

from collections.abc import Iterator, Mapping
from pathlib import Path

from stacks.fleet import Health
from stacks.problems import Problem, nearest
from stacks.schema import CloudRegion
from stacks.yaml_text import NotYamlError, read_yaml

_CHECKS = Health()  # what a fleet asks of its members when its file says nothing else
_DETECTION_SECONDS = _CHECKS.interval_seconds * _CHECKS.failure_threshold


def standby_is_elsewhere(region: CloudRegion, stack: str, folder: Path) -> Iterator[Problem]:
    """Looks into the other stack's file only for where it is: that file has its own check."""
    standby = region.recovery.standby if region.recovery else None
    if standby is None:
        return
    known = sorted(path.stem for path in folder.glob("*.yaml") if path.stem != stack)
    if standby == stack:
        reason = "it is this stack, which fails with itself: name another"
    elif standby not in known:
        hint = nearest(standby, known) or ": write it, or name another stack"
        reason = f"there is no stacks/{standby}.yaml{hint}"
    else:
        other = _content(folder / f"{standby}.yaml")
        if other.get("kind") == "fleet":
            reason = "it is a fleet: name a region's stack"
        elif (other.get("provider"), other.get("region")) == (region.provider, region.region):
            reason = f"it is in {region.region}, too, and would be lost with it: name a stack in another region"
        else:
            return
    yield Problem(path=("recovery", "standby"), value=standby, reason=reason)


def copies_leave_the_region(region: CloudRegion) -> Iterator[Problem]:
    """A bucket that exists may have a copy that this file does not know of."""
    if region.recovery and region.recovery.standby and not region.storage.replica_region and not region.storage.bucket:
        reason = "recovery.standby would find no data, since the bucket has no copy: name another region of the cloud"
        yield Problem(path=("storage", "replicaRegion"), reason=reason)


def time_is_enough(region: CloudRegion) -> Iterator[Problem]:
    """Clients go on calling a dead region until its checks have failed and their resolver asks again."""
    if region.recovery is None:
        return
    asked = region.recovery.rto_seconds
    ttl = region.dns.ttl_seconds if region.dns else 0
    if asked < _DETECTION_SECONDS + ttl:
        cached = f", then {ttl} s of dns.ttlSeconds" if ttl else ""
        checks = f"{_CHECKS.failure_threshold} checks {_CHECKS.interval_seconds} s apart"
        fix = f"ask for that much or more{', or lower the TTL' if ttl else ''}"
        reason = f"failover takes {_DETECTION_SECONDS + ttl} s ({checks}{cached}): {fix}"
        yield Problem(path=("recovery", "rtoSeconds"), value=str(asked), reason=reason)


def _content(path: Path) -> Mapping[str, object]:
    try:
        found = read_yaml(path.read_text())
    except NotYamlError:
        return {}
    return found if isinstance(found, Mapping) else {}
