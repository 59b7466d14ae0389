"""The OpenAPI document, and what schemathesis finds when it asks what the document allows, and what it does not."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from harness import Server, light_server

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "unsupported_method",
)
"""All but positive_data_acceptance: that an image can be decoded, or that a model exists, is no matter of a schema."""


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory):
    with light_server(tmp_path_factory.mktemp("light") / "log") as server:
        yield server


def test_every_reference_of_the_document_resolves(server: Server):
    with server.http() as client:
        document = client.get("/openapi.json").json()
    wanted: set[str] = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            wanted.update([value["$ref"]] if isinstance(value.get("$ref"), str) else [])
            for inner in value.values():
                look(inner)
        elif isinstance(value, list):
            for inner in value:
                look(inner)

    look(document)
    schemas = document["components"]["schemas"]
    assert {"#/components/schemas/ChatCompletionRequest", "#/components/schemas/Error"} <= wanted
    assert {name for name in wanted if name.removeprefix("#/components/schemas/") not in schemas} == set()


def test_schemathesis_finds_no_fault(server: Server, tmp_path: Path):
    argv = [sys.executable, "-m", "schemathesis.cli", "run", f"{server.url}/openapi.json", "--no-color"]
    argv += ["--checks", ",".join(CHECKS), "--phases", "coverage,fuzzing", "--max-examples", "3"]
    argv += ["--include-path-regex", "^/(v1/(chat|responses|conversations|models)|health|ready)"]
    argv += ["--generation-deterministic", "--request-timeout", "60"]
    result = subprocess.run(argv, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0, result.stdout[-5000:]
    generated = re.search(r"(\d+) generated, (\d+) passed", result.stdout)
    assert generated is not None
    assert int(generated[1]) == int(generated[2]) > 500
