"""The JSON Schemas that editors get: current, right for every file, and strict enough for a slip (F1)."""

import json
from pathlib import Path
from typing import Any

import pytest

from stacks.json_schema import FOLDER, schemas, write
from stacks.loader import merge
from stacks.yaml_text import read_yaml
from tests.stacks.draft7 import faults
from tests.stacks.regions import EXISTING_VPC, REGIONS

FILES = sorted(FOLDER.glob("*.yaml"))
SCHEMAS = schemas()
REGION = json.loads(SCHEMAS["region.schema.json"])


@pytest.mark.parametrize("name", SCHEMAS)
def test_current(name: str) -> None:
    assert (FOLDER / name).read_text() == SCHEMAS[name], "run: python -m stacks.json_schema"


def test_the_command_writes_them(tmp_path: Path) -> None:
    write(tmp_path)
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == SCHEMAS


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_names_its_schema_and_fits_it(file: Path) -> None:
    text = file.read_text()
    content: Any = read_yaml(text)
    name = "fleet.schema.json" if content.get("kind") == "fleet" else "region.schema.json"
    assert text.splitlines()[0] == f"# yaml-language-server: $schema={name}"
    schema = json.loads(SCHEMAS[name])
    assert faults(content, schema, schema) == []


@pytest.mark.parametrize("provider", REGIONS)
def test_a_form_a_provider(provider: str) -> None:
    assert faults({"provider": provider} | REGIONS[provider], REGION, REGION) == []
    assert faults({"provider": "elsewhere"} | REGIONS[provider], REGION, REGION) != []


@pytest.mark.parametrize(
    ("over", "where"),
    [
        ({"serving": {"replcas": 2}}, "serving.replcas"),
        ({"serving": {"replicas": "two"}}, "serving.replicas"),
        ({"accountId": 210987654321}, "accountId"),
        ({"environment": "prod"}, "environment"),
        ({"etcd": {"members": 2}}, "etcd.members"),
        ({"etcd": {"volume": {"size": "2GB"}}}, "etcd.volume.size"),
        ({"cluster": {"version": "1.3"}}, "cluster"),
        ({"network": {"cidr": "10.20.0"}}, "network"),
        ({"network": {"existing": {**EXISTING_VPC, "vcp": "x"}}}, "network"),
        ({"gpuPools": {"Cards": REGIONS["aws"]["gpuPools"]["cards"]}}, "gpuPools.Cards"),
        ({"gpuPools": {"cards": {"native": True}}}, "gpuPools.cards.native"),
        ({"gpuPools": {"cards": {"sharing": {"type": "mps"}}}}, "gpuPools.cards.sharing"),
        ({"identity": {"existing": {"srving": "role"}}}, "identity.existing.srving"),
        ({"gateway": {"exposure": {"type": "Nodeport"}}}, "gateway.exposure"),
    ],
)
def test_an_editor_marks_what_the_loader_refuses(over: dict[str, Any], where: str) -> None:
    changed = merge({"provider": "aws"} | REGIONS["aws"], over)
    aws = REGION["$defs"]["AwsRegion"]
    assert faults(changed, aws, REGION) == [where]
    assert faults(changed, REGION, REGION) != []


def test_numbers_do_for_quantities() -> None:
    changed = merge({"provider": "aws"} | REGIONS["aws"], {"quota": {"cpu": 64}, "network": {"existing": EXISTING_VPC}})
    assert faults(changed, REGION, REGION) == []
