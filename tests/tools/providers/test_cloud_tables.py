"""The three clouds' tables against the SDKs: every token, every property, every template that they name is there."""

import importlib
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest

from tools.providers.cloud import check, lookups
from tools.providers.cloud.cloud import Cloud
from tools.providers.cloud.packages import PACKAGES
from tools.providers.cloud.render import Account, fill, seeded
from tools.providers.cloud.schema import Schema, Shape, Type
from tools.providers.cloud.store import Schemas
from tools.providers.cloud.world import World

REGIONS = {"aws": "us-west-2", "alicloud": "cn-hangzhou", "tencentcloud": "ap-singapore"}


@cache
def schemas(package: str) -> Schemas:
    return Schemas(PACKAGES[package])


def cloud(package: str) -> Cloud:
    found: Cloud = importlib.import_module(f"tools.providers.cloud.{package}").CLOUD
    return found


def account(package: str, world: Mapping[str, Any] | None = None) -> Account:
    return Account(REGIONS[package], "123456789012", "1250000000", World(world or {}))


def resource(token: str) -> Schema:
    found = schemas(token.partition(":")[0]).resource(token)
    assert found is not None, f"the SDK has no resource {token}"
    return found


def function(token: str) -> Schema:
    found = schemas(token.partition(":")[0]).function(token)
    assert found is not None, f"the SDK has no function {token}"
    return found


def leads_somewhere(schema: Schema, shape: Shape, names: list[str]) -> bool:
    """Whether a pattern of a table (`scalingConfig.minSize`, lists passed through) is a property."""
    field = shape["fields"].get(names[0])
    if field is None or len(names) == 1:
        return field is not None
    kind: Type = field["type"]
    while isinstance(kind, dict) and "list" in kind:
        kind = kind["list"]
    if not isinstance(kind, dict) or "object" not in kind:
        return False
    return leads_somewhere(schema, schema["objects"][kind["object"]], names[1:])


def patterns(package: str) -> Iterator[tuple[str, str]]:
    for table in (cloud(package).replaced, cloud(package).values):
        for token, entries in table.items():
            yield from ((token, entry) for entry in entries)


@pytest.mark.parametrize("package", PACKAGES)
def test_every_pattern_is_an_input_of_its_resource(package):
    wrong = [
        f"{token}: {pattern}"
        for token, pattern in patterns(package)
        if not leads_somewhere(resource(token), resource(token)["inputs"], pattern.split("."))
    ]
    assert not wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_every_identifier_is_of_a_resource_and_differs_by_seed(package):
    for token, template in cloud(package).identifiers.items():
        resource(token)
        made = {str(fill(template, values(package, seed))) for seed in ("a", "b")}
        assert all(made), token
        assert len(made) == (2 if any(f"{{{name}" in template for name in ("HEX", "BASE", "DIGITS")) else 1), token


@pytest.mark.parametrize("package", PACKAGES)
def test_outputs_of_tables_are_of_the_types_that_the_sdk_gives(package):
    wrong = []
    for token, table in cloud(package).outputs.items():
        schema = resource(token)
        assert set(table) <= set(schema["outputs"]["fields"]), token
        wrong += list(of_wrong_type(schema, fill(table, values(package, "a")), token))
    assert not wrong


@pytest.mark.parametrize("package", PACKAGES)
def test_answers_are_of_the_types_that_the_sdk_gives(package):
    wrong = []
    for token in {**cloud(package).answers, **cloud(package).lookups}:
        schema = function(token)
        lookup = cloud(package).lookups.get(token)
        assert set(lookup.by if lookup else ()) <= set(schema["inputs"]["fields"]), token
        given = {
            name: "thing"
            for name, field in schema["inputs"]["fields"].items()
            if field["type"] == "string" and (field.get("required") or (lookup and name in lookup.by))
        }
        made = lookups.answer(cloud(package), account(package), token, schema, given)
        assert set(made) <= set(schema["outputs"]["fields"]), token
        wrong += list(of_wrong_type(schema, made, token))
    assert not wrong


def values(package: str, seed: str) -> dict[str, Any]:
    inputs = {"name": "n", "bucket": "b", "clusterName": "c", "clusterId": "c", "ID": "i", "NAME": "n"}
    return {**account(package).values(), **seeded(seed), **inputs}


def of_wrong_type(schema: Schema, outputs: Mapping[str, Any], token: str) -> Iterator[str]:
    """Outputs are checked as inputs are, but that none is missed."""
    shape: Shape = {"name": token, "fields": {**schema["outputs"]["fields"], "id": {"type": "string"}}}
    for path, reason in check.failures({**schema, "inputs": shape}, outputs):
        if not reason.startswith("missing"):
            yield f"{token} {path}: {reason}"
