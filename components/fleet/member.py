"""A region as its fleet sees it: what the region's stack exports as `fleet`, there and back."""

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import Any

import pulumi
from pydantic.alias_generators import to_camel

from components.types import FleetMember

OUTPUT = "fleet"
_FACTS = ("provider", "region", "account", "cidr")  # the region's file has them too
_LISTS = ("route_tables", "subnets")
_IDS = tuple(item.name for item in fields(FleetMember) if item.name not in _FACTS + _LISTS)


def export(member: FleetMember) -> dict[str, Any]:
    """What a region's stack exports: plain values and outputs, by names in camelCase."""
    values = {item.name: getattr(member, item.name) for item in fields(member)}
    return {to_camel(name): list(value) if name in _LISTS else value for name, value in values.items()}


def from_output(
    exported: pulumi.Output[Mapping[str, Any]], facts: Mapping[str, str], shape: Mapping[str, Sequence[int]]
) -> FleetMember:
    """The way back. `facts`: from the region's file; `shape`: which items of its lists to take."""
    ids = {name: _at(exported, to_camel(name)) for name in _IDS}
    lists = {name: tuple(_at(exported, to_camel(name), index) for index in shape[name]) for name in _LISTS}
    values: dict[str, Any] = {**facts, **ids, **lists}
    return FleetMember(**values)


def shape(exported: Mapping[str, Any]) -> dict[str, tuple[int, ...]]:
    """Where each list has an item that it didn't have before: two subnets may have one route table, which takes a route
    but once. The program makes a resource for each item, and can't wait for an output to count them."""
    lists = {name: list(exported.get(to_camel(name)) or ()) for name in _LISTS}
    return {
        name: tuple(index for index, item in enumerate(items) if item not in items[:index])
        for name, items in lists.items()
    }


def assumed(zones: int) -> dict[str, tuple[int, ...]]:
    """The shape of a member that is not up: one of each a zone."""
    return {name: tuple(range(zones)) for name in _LISTS}


def differences(exported: Mapping[str, Any], facts: Mapping[str, str]) -> list[str]:
    """Where a stack is not what its file says, in words."""
    return [
        f"{name} is {exported.get(name)!r} in the stack, {facts[name]!r} in its file"
        for name in _FACTS
        if exported.get(name) != facts[name]
    ]


def _at(exported: pulumi.Output[Mapping[str, Any]], key: str, index: int | None = None) -> pulumi.Output[str]:
    return exported.apply(lambda found: found[key] if index is None else found[key][index])
