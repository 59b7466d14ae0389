"""How clients find a fleet, in Route 53 whatever the members' clouds: it checks each member and answers with live ones.

Alidns and DNSPod have no health checks of their own. components/fleet/records.py draws the records.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi
from pulumi_aws import route53

from components import hostnames
from components.fleet import records
from components.fleet.args import Tags
from components.tags import tags

REGION = "us-east-1"  # where Route 53, which has no region, is called
_PORT = 443


@dataclass(frozen=True, kw_only=True)
class FailoverArgs:
    """`zone_id`: of a hosted zone that exists. `addresses`: the members', by name or number; `weights`: 0 to 255.
    `interval`: 10 or 30 s between checks; `threshold`: how many in a row decide. `ttl` in seconds."""

    zone: str
    zone_id: str
    host: str
    ttl: int
    path: str
    interval: int
    threshold: int
    addresses: Mapping[str, pulumi.Input[str]]
    weights: Mapping[str, int]
    standby: str
    tags: Tags


class Failover(pulumi.ComponentResource):
    host: str  # what clients call

    def __init__(self, name: str, args: FailoverArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:aws:Failover", name, None, opts)
        names = records.names(args.host, args.zone, tuple(args.addresses))
        checks = {member: self._member(name, args, member, host) for member, host in names.members.items()}
        for member, weight in args.weights.items():
            self._record(
                f"{name}-weighted-{member}", args, names.active, names.members[member], checks[member], weight=weight
            )
        active = route53.HealthCheck(
            f"{name}-active",
            type="CALCULATED",
            child_healthchecks=[checks[member].id for member in records.active(args.weights)],
            child_health_threshold=1,  # one is enough to serve
            tags=tags(args.tags, f"{name}-active"),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self._record(f"{name}-primary", args, names.entry, names.active, active, role="PRIMARY")
        standby = args.standby
        self._record(f"{name}-secondary", args, names.entry, names.members[standby], checks[standby], role="SECONDARY")
        self.host = names.entry
        self.register_outputs({"host": self.host})

    def _member(self, name: str, args: FailoverArgs, member: str, host: str) -> route53.HealthCheck:
        """Its own name, and what tells whether it serves."""
        address = pulumi.Output.from_input(args.addresses[member])
        options = pulumi.ResourceOptions(parent=self)
        route53.Record(
            f"{name}-member-{member}",
            zone_id=args.zone_id,
            name=host,
            type=address.apply(hostnames.record_type),
            ttl=args.ttl,
            records=[address],
            opts=options,
        )
        return route53.HealthCheck(
            f"{name}-check-{member}",
            type="HTTPS",
            fqdn=host,
            port=_PORT,
            resource_path=args.path,
            request_interval=args.interval,
            failure_threshold=args.threshold,
            enable_sni=True,
            tags=tags(args.tags, f"{name}-{member}"),
            opts=options,
        )

    def _record(
        self,
        name: str,
        args: FailoverArgs,
        host: str,
        target: str,
        check: route53.HealthCheck,
        *,
        weight: int | None = None,
        role: str | None = None,
    ) -> None:
        """One of a group of the same name: by weight, or by role."""
        route53.Record(
            name,
            zone_id=args.zone_id,
            name=host,
            type="CNAME",
            ttl=args.ttl,
            records=[target],
            health_check_id=check.id,
            set_identifier=target,
            weighted_routing_policies=None if weight is None else [{"weight": weight}],
            failover_routing_policies=None if role is None else [{"type": role}],
            opts=pulumi.ResourceOptions(parent=self),
        )
