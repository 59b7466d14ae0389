"""Buckets and shared files: copies elsewhere, what exists untouched."""

from collections.abc import Iterator

from components import cloud_regions
from stacks.problems import Path, Problem, nearest
from stacks.schema import CloudRegion

_REPLICA: Path = ("storage", "replicaRegion")


def copy_is_elsewhere(region: CloudRegion) -> Iterator[Problem]:
    copy = region.storage.replica_region
    if copy is None:
        return
    known = cloud_regions.names(region.provider)
    here, there = (cloud_regions.find(region.provider, name) for name in (region.region, copy))
    if copy == region.region:
        reason = "it is the region that the copy protects, and would be lost with it: name another one"
    elif there is None:
        hint = nearest(copy, known) or f": use one of {', '.join(known)}"
        reason = f"components/cloud_regions.py has no such region of {region.provider}{hint}"
    elif here and here.mainland != there.mainland:
        side = "inside" if here.mainland else "outside"
        same = [name for name in known if name != region.region and _mainland(region, name) == here.mainland]
        reason = f"the border of mainland China lies between: use one {side}, as {', '.join(same)}"
    else:
        return
    yield Problem(path=_REPLICA, value=copy, reason=reason)


def what_exists_stays(region: CloudRegion) -> Iterator[Problem]:
    storage = region.storage
    if storage.bucket and storage.replica_region:
        reason = (
            f"it would change the bucket {storage.bucket}, which exists and stays as it is: "
            "leave one of them out, and set up the copy where that bucket is made"
        )
        yield Problem(path=_REPLICA, value=storage.replica_region, reason=reason)


def shared_source_has_files(region: CloudRegion) -> Iterator[Problem]:
    if region.model.source.type == "shared" and not region.storage.files:
        reason = "model.source is a folder of the shared file system: set it to true, or use another source"
        yield Problem(path=("storage", "files"), value="False", reason=reason)


def _mainland(region: CloudRegion, name: str) -> bool | None:
    found = cloud_regions.find(region.provider, name)
    return found.mainland if found else None
