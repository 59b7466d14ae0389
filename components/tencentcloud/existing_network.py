"""A VPC that exists: looked up and checked, never changed."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi
from tencentcloud_iac_pulumi import vpc

from components import refusal
from components.adoption import check_subnet, named_subnets
from components.cloud_args import ExistingNetworkArgs
from components.types import NetworkParts


@dataclass(frozen=True, kw_only=True)
class Found:
    """A subnet as Tencent Cloud has it."""

    vpc: str
    zone: str
    cidr: str
    route_table: str


class ExistingNetwork(pulumi.ComponentResource):
    """Its ids can be used only when all of it is as the region file says: a mistake stops before anything is made."""

    parts: NetworkParts

    def __init__(self, name: str, args: ExistingNetworkArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("open-autoglm:tencentcloud:ExistingNetwork", name, None, opts)
        invoke = pulumi.InvokeOutputOptions(parent=self)
        named = named_subnets(args)
        found = pulumi.Output.all(
            vpc=vpc.get_instances_output(vpc_id=args.vpc, opts=invoke),
            subnets={field: vpc.get_subnets_output(subnet_id=id, opts=invoke) for field, id in named.items()},
        )
        checked = found.apply(lambda answers: _check(args, answers))
        ids = {field: _id(checked, id) for field, id in named.items()}
        private = [field for field in named if not field.startswith("public")]
        self.parts = NetworkParts(
            vpc=checked.apply(lambda _: args.vpc),
            cidr=args.cidr,
            zones=args.zones,
            public_subnets=_of(ids, "public"),
            node_subnets=_of(ids, "nodes"),
            pod_subnets=_of(ids, "pods"),
            route_tables=tuple(_fact(checked, field, "route_table") for field in private),
            node_ranges=tuple(_fact(checked, field, "cidr") for field in private if field.startswith("nodes")),
            pod_ranges=tuple(_fact(checked, field, "cidr") for field in private if field.startswith("pods")),
        )
        self.register_outputs({"vpc": self.parts.vpc})


def refuse(args: ExistingNetworkArgs, cidr: str | None, subnets: Mapping[str, Found | None]) -> None:
    """Raises ValueError that names the field, the value, the reason and the fix. None: the cloud has no such thing."""
    if cidr is None:
        raise ValueError(f"network.existing.vpc: {args.vpc} is not in this account and region: correct the id")
    if cidr != str(args.cidr):
        raise ValueError(
            f"network.existing.cidr: {args.cidr} is not the range of {args.vpc}, which is {cidr}: write that"
        )
    for field, id in named_subnets(args).items():
        found = subnets[field]
        if found is None:
            raise ValueError(
                f"network.existing.subnets.{field}: {id} is not in this account and region: correct the id"
            )
        check_subnet(args, field, vpc=found.vpc, zone=found.zone)


def _check(args: ExistingNetworkArgs, answers: Mapping[str, Any]) -> dict[str, Found]:
    networks = answers["vpc"].instance_lists or []
    subnets = {field: _found(answer.instance_lists) for field, answer in answers["subnets"].items()}
    with refusal.ends_the_run():
        refuse(args, networks[0].cidr_block if networks else None, subnets)
    return {field: found for field, found in subnets.items() if found is not None}


def _found(answers: list[Any] | None) -> Found | None:
    if not answers:
        return None
    one = answers[0]
    return Found(vpc=one.vpc_id, zone=one.availability_zone, cidr=one.cidr_block, route_table=one.route_table_id)


def _id(checked: pulumi.Output[dict[str, Found]], id: str) -> pulumi.Output[str]:
    """The subnet's id, known once all is checked."""
    return checked.apply(lambda _: id)


def _fact(checked: pulumi.Output[dict[str, Found]], field: str, fact: str) -> pulumi.Output[str]:
    return checked.apply(lambda found: str(getattr(found[field], fact)))


def _of(ids: Mapping[str, pulumi.Output[str]], kind: str) -> tuple[pulumi.Output[str], ...]:
    return tuple(id for field, id in ids.items() if field.startswith(kind))
