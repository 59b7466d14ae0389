"""What a member does before etcd starts: restore if asked, find out how to start, write the configuration."""

import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoglm_etcd.cluster import Cluster, Member
from autoglm_etcd.connection import Connection, Credentials, EtcdError
from autoglm_etcd.keeper import founded, join
from autoglm_etcd.keeper.config import EVERYWHERE, Files, render
from autoglm_etcd.keeper.join import Facts, Start
from autoglm_etcd.keeper.shape import Shape

PAUSE: Final = 2.0  # seconds between two rounds of questions
Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where one member keeps what. `volume` is its own disk, the rest is mounted: `tls` has the member's certificate,
    `client` the administrator's, by which it asks the others; left out, they are one."""

    volume: Path
    founded: Path
    tls: Path
    client: Path | None = None

    @property
    def data(self) -> Path:
        return self.volume / "members"

    @property
    def config(self) -> Path:
        return self.volume / "etcd.json"

    @property
    def credentials(self) -> Credentials:
        folder = self.client or self.tls
        return Credentials(ca=folder / "ca.crt", certificate=folder / "tls.crt", key=folder / "tls.key")


def prepare(shape: Shape, name: str, place: Place, *, quota_bytes: int, say: Say, listen: str = EVERYWHERE) -> Start:
    """Returns once the member may start, with its configuration written. Waits as long as it takes."""
    said = ""
    while True:
        has_data = (place.data / "member").exists()
        # Who would throw its data away, since the others do not count it, must have that from a quorum.
        members = ask(shape, name, place.credentials, linearizable=has_data)
        facts = Facts(has_data=has_data, founded=bool(founded.told(place.founded)), members=members)
        start = join.decide(facts, shape.peer_url(name))
        try:
            cluster = _enter(shape, name, place, start) if start in (Start.JOIN, Start.REJOIN) else ""
            if start is not Start.WAIT:
                break
            trouble = "its disk is empty, the cluster was whole once, and no other member answers"
        except EtcdError as error:
            trouble = f"the others do not let it in yet: {error}"
        if trouble != said:
            say(f"{name} waits: {trouble}")
            said = trouble
        time.sleep(PAUSE)
    files = Files(data=place.data, tls=place.tls)
    text = render(shape, name, files, quota_bytes=quota_bytes, cluster=cluster, listen=listen)
    place.config.write_text(text)
    say(f"{name} starts: {start}")
    return start


def ask(shape: Shape, name: str, credentials: Credentials, *, linearizable: bool) -> list[Member] | None:
    """Who the members are, from any of the others that answers; not linearizable, without a quorum too."""
    for other in shape.members:
        if other == name:
            continue
        with Connection([shape.client_url(other)], credentials) as connection:
            try:
                return Cluster(connection).members(linearizable=linearizable)
            except EtcdError:
                continue
    return None


def _enter(shape: Shape, name: str, place: Place, start: Start) -> str:
    if start is Start.REJOIN:
        shutil.rmtree(place.data)
    others = [shape.client_url(other) for other in shape.members if other != name]
    with Connection(others, place.credentials) as connection:
        return join.enter(Cluster(connection), shape, name)
