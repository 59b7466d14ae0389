"""What a fleet file may say: which regions belong together, what crosses between them, and how clients find them.

docs/fleet.md explains the keys. The loader reads a file with `kind: fleet` as this.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from stacks.cloud import AdoptedNetwork, CloudParts, ExistingVpc, NewNetwork, Owner
from stacks.fields import Label, Part
from stacks.problems import Problem
from stacks.schema import LoadBalancer, RegionSpec
from stacks.yaml_text import NotYamlError, read_yaml

_FOLDER = Path(__file__).parent
_HOST = r"^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$"


class Site(Part):
    """A private rack as its peers see it: its addresses, its IPsec device, and what clients call it by, if they may."""

    cidr: IPv4Network
    gateway: IPv4Address
    address: Annotated[str, Field(pattern=_HOST)] | None = None


class Member(Part):
    """`weight`: its share of the clients, relative to the others'; 0 gets none while another is healthy."""

    weight: int = Field(default=0, ge=0, le=255)  # Route 53's own range
    site: Site | None = None


class CrossingPort(Part):
    """A TCP port that members reach each other on, beside 443. `reason` describes the rules that open it."""

    port: int = Field(ge=1, le=65_535)
    reason: str = Field(min_length=1, max_length=60, pattern=r"^[A-Za-z0-9 .,_-]+$")  # what every cloud takes


class Dns(Part):
    """A hosted zone of Route 53 that exists, in `accountId`. `host` in it is what clients of the fleet call."""

    zone: Annotated[str, Field(pattern=r"^[a-z0-9.-]+\.[a-z]+$")]
    zone_id: Annotated[str, Field(pattern=r"^Z[A-Z0-9]{5,31}$")]
    account_id: Annotated[str, Field(pattern=r"^\d{12}$")]
    host: Annotated[str, Field(pattern=_HOST)]
    ttl_seconds: int = Field(default=60, ge=1, le=86_400)


class Health(Part):
    """Route 53 asks each member for `path` over HTTPS. It knows two intervals; ten seconds costs more."""

    path: Annotated[str, Field(pattern=r"^/[\w/.-]*$", max_length=255)] = "/health"
    interval_seconds: Literal[10, 30] = 10
    failure_threshold: int = Field(default=3, ge=1, le=10)


class Recovery(Part):
    """`primary` and `standby`: members. `rtoSeconds`: how long clients may be without an answer."""

    primary: Label
    standby: Label
    rto_seconds: int = Field(ge=1)


class FleetSpec(Part):
    """Regions that serve one name, each a stack of its own."""

    kind: Literal["fleet"]
    environment: Literal["development", "production"] = "production"
    owner: Owner
    members: dict[Label, Member] = Field(min_length=2, max_length=16)
    ports: tuple[CrossingPort, ...] = ()
    dns: Dns
    health: Health = Health()
    recovery: Recovery


def broken(spec: FleetSpec, folder: Path = _FOLDER) -> list[Problem]:
    """Every broken rule; empty when all hold. Rules between members are asked once each is the stack of a region.
    Raises RegionError for a member whose own file can't be used."""
    from stacks import fleet_rules  # it imports this module, and so does the loader
    from stacks.loader import parse

    known = sorted(path.stem for path in folder.glob("*.yaml"))
    problems = [fleet_rules.unknown_stack(name, known) for name in spec.members if name not in known]
    problems += [fleet_rules.a_fleet(name) for name in spec.members if name in known and _is_fleet(folder, name)]
    if problems:
        return problems
    files = {name: folder / f"{name}.yaml" for name in spec.members}
    found = {name: parse(path.read_text(), source=f"stacks/{path.name}") for name, path in files.items()}
    return fleet_rules.broken(spec, found)


def _is_fleet(folder: Path, name: str) -> bool:
    """Without the check of a fleet's file, which would lead from a fleet that names itself to itself."""
    try:
        content = read_yaml((folder / f"{name}.yaml").read_text())
    except NotYamlError:
        return False
    return isinstance(content, Mapping) and content.get("kind") == "fleet"


def network(region: CloudParts) -> NewNetwork | ExistingVpc:
    return region.network.existing if isinstance(region.network, AdoptedNetwork) else region.network


def faces_the_internet(region: RegionSpec) -> bool:
    """Over HTTPS, on 443."""
    exposure = region.gateway.exposure
    return isinstance(exposure, LoadBalancer) and not exposure.internal and exposure.certificate is not None


def cidrs(spec: FleetSpec, found: Mapping[str, RegionSpec]) -> dict[str, IPv4Network]:
    """Each member's addresses: its network's in its region file, or its site's here."""
    sites = {name: member.site.cidr for name, member in spec.members.items() if member.site}
    return sites | {name: network(region).cidr for name, region in found.items() if isinstance(region, CloudParts)}
