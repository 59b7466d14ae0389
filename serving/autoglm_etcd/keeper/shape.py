"""What etcd's members are called and where they are: a StatefulSet behind a headless Service."""

from dataclasses import dataclass
from typing import Final

CLIENT_PORT: Final = 2379
PEER_PORT: Final = 2380
METRICS_PORT: Final = 2381


@dataclass(frozen=True, kw_only=True)
class Shape:
    """`domain` is the headless Service's, under which each pod has a name: `etcd.autoglm.svc`."""

    name: str
    domain: str
    size: int
    address: str = "https://{name}.{domain}:{port}"
    """The form of a URL; `{number}` is the member's."""

    @property
    def members(self) -> tuple[str, ...]:
        return tuple(f"{self.name}-{number}" for number in range(self.size))

    def client_url(self, member: str) -> str:
        return self._url(member, CLIENT_PORT)

    def peer_url(self, member: str) -> str:
        return self._url(member, PEER_PORT)

    def _url(self, member: str, port: int) -> str:
        return self.address.format(name=member, number=member.rpartition("-")[2], domain=self.domain, port=port)
