"""What a region file may say of etcd: its members, their certificates, and where its snapshots are."""

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from stacks.amounts import Amount, Resources, Volume
from stacks.fields import Label, Part
from stacks.shapes import Shape

_HOUR = 60  # minutes
_Url = Annotated[str, Shape(r"(s3|oss|cos)://[a-z0-9][a-z0-9.-]{1,62}(/[\w./-]*)?", "as in s3://backups/autoglm")]
_Endpoint = Annotated[str, Shape(r"https?://[^\s/?#@]+", "a URL, as in https://minio.example.com:9000")]
_Name = Annotated[
    str, Shape(r"\d{8}T\d{6}Z-revision-\d+\.db", "a snapshot's name, as the keeper's logs and list say it")
]


class BucketStore(Part):
    """A bucket of one's own. `endpoint`: of a store that is no cloud's and speaks S3. `environmentFrom`: a Secret in
    the region's namespace whose keys are variables as AWS_ACCESS_KEY_ID; without one, the pods' cloud identity is to be
    let in."""

    type: Literal["bucket"]
    url: _Url
    region: Annotated[str, Shape(r"[a-z]+-[a-z0-9-]+", "a region's name, as in us-west-2")]
    endpoint: _Endpoint | None = None
    environment_from: Label | None = None


class VolumeStore(Volume):
    """A volume of the cluster, which is lost with it."""

    type: Literal["volume"]


class Snapshots(Part):
    """`intervalMinutes`: left out, an hour, or recovery.rpoSeconds if that is shorter. `store`: left out, the bucket
    that the region has in its cloud; a private region has none."""

    interval_minutes: int | None = Field(default=None, ge=1, le=7 * 24 * 60)
    keep_days: int = Field(default=7, ge=1, le=3650)
    store: Annotated[BucketStore | VolumeStore, Field(discriminator="type")] | None = None

    def minutes(self, rpo_seconds: int | None) -> int:
        """Between two snapshots."""
        return self.interval_minutes or (_HOUR if rpo_seconds is None else max(1, min(_HOUR, rpo_seconds // 60)))


def _odd(members: object) -> object:
    if isinstance(members, int) and members % 2 == 0:
        raise ValueError("an even number stands no more losses than one fewer: use 1, 3 or 5")
    return members


def _once(numbers: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(numbers)) < len(numbers):
        raise ValueError("one is named twice: name each once")
    return numbers


class Etcd(Part):
    """`authorities`: numbers of the certificate authorities that are trusted; the first one signs. `restore`: the
    snapshot to begin from."""

    members: Annotated[Literal[1, 3, 5], BeforeValidator(_odd)]
    volume: Volume
    resources: Resources
    keeper_resources: Resources = Resources(
        requests=Amount(cpu="50m", memory="96Mi"), limits=Amount(cpu="500m", memory="256Mi")
    )
    authorities: Annotated[tuple[int, ...], AfterValidator(_once)] = Field(default=(1,), min_length=1, max_length=3)
    snapshots: Snapshots = Snapshots()
    restore: _Name | None = None
