"""The list of what an image is made of."""

import json
import subprocess
from pathlib import Path

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from harness import command, environment

from autoglm_serving.sbom import debian_packages, document

STATUS = """Package: libc6
Version: 2.36-9+deb12u10
Architecture: amd64
Description: GNU C Library
 shared libraries

Package: libssl3
Version: 3.0.15-1~deb12u1
Architecture: amd64
"""


def test_the_command_prints_a_valid_document_of_what_the_server_imports():
    result = subprocess.run(command("sbom"), capture_output=True, text=True, check=True, env=environment())
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(result.stdout) is None
    components = {component["name"]: component for component in json.loads(result.stdout)["components"]}
    assert {"fastapi", "torch", "transformers", "opentelemetry-sdk"} <= components.keys()
    assert components["fastapi"]["purl"] == f"pkg:pypi/fastapi@{components['fastapi']['version']}"
    assert components["fastapi"]["licenses"]


def test_debian_packages_are_read_from_one_file_or_from_one_each(tmp_path: Path):
    whole, parts = tmp_path / "whole", tmp_path / "parts"
    (whole / "var/lib/dpkg").mkdir(parents=True)
    (whole / "var/lib/dpkg/status").write_text(STATUS)
    (parts / "var/lib/dpkg/status.d").mkdir(parents=True)
    for number, paragraph in enumerate(STATUS.split("\n\n")):
        (parts / "var/lib/dpkg/status.d" / str(number)).write_text(paragraph)
    purls = [
        "pkg:deb/debian/libc6@2.36-9%2Bdeb12u10?arch=amd64",
        "pkg:deb/debian/libssl3@3.0.15-1~deb12u1?arch=amd64",
    ]
    for root in (whole, parts):
        assert [component["purl"] for component in debian_packages([root])] == purls


def test_the_same_packages_give_the_same_document():
    assert json.dumps(document([])) == json.dumps(document([]))
