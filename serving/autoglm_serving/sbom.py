"""What an image is made of, as CycloneDX 1.6: Python packages of this interpreter, Debian packages of file systems."""

import re
from collections.abc import Iterable, Iterator
from email.parser import HeaderParser
from importlib import metadata
from pathlib import Path
from typing import Any
from urllib.parse import quote

from autoglm_serving import __version__

SPEC = "1.6"
STATUS = ("var/lib/dpkg/status", "var/lib/dpkg/status.d/*")
"""Debian's list of installed packages: one file, or in small images one a package. Relative to a file system's root."""

LONGEST_NAME = 100
"""Some packages give the licence's whole text for its name."""

Component = dict[str, Any]


def document(roots: Iterable[Path]) -> dict[str, Any]:
    """The same packages give the same document: it has no time and no serial number."""
    components = {component["bom-ref"]: component for component in (*python_packages(), *debian_packages(roots))}
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPEC,
        "version": 1,
        "metadata": {"component": {"type": "application", "name": "autoglm-serving", "version": __version__}},
        "components": [components[reference] for reference in sorted(components)],
    }


def python_packages() -> Iterator[Component]:
    for distribution in metadata.distributions():
        name = re.sub(r"[-_.]+", "-", distribution.name).lower()
        component = _component(f"pkg:pypi/{name}@{quote(distribution.version)}", name, distribution.version)
        if licences := _licences(distribution.metadata):
            component["licenses"] = licences
        yield component


def debian_packages(roots: Iterable[Path]) -> Iterator[Component]:
    for root in roots:
        for path in sorted(found for pattern in STATUS for found in root.glob(pattern)):
            for paragraph in path.read_text(errors="replace").split("\n\n"):
                package = HeaderParser().parsestr(paragraph.lstrip("\n"))
                if package["Package"] and package["Version"]:
                    yield _debian(package["Package"], package["Version"], package["Architecture"])


def _debian(name: str, version: str, architecture: str) -> Component:
    return _component(f"pkg:deb/debian/{quote(name)}@{quote(version)}?arch={architecture}", name, version)


def _component(purl: str, name: str, version: str) -> Component:
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def _licences(package: metadata.PackageMetadata) -> list[dict[str, Any]]:
    fields: dict[str, Any] = package.json
    if expression := fields.get("license_expression"):
        return [{"expression": expression}]
    classifiers = [line.rpartition(" :: ")[2] for line in fields.get("classifier", ()) if line.startswith("License ::")]
    named = [fields["license"]] if 0 < len(fields.get("license", "")) <= LONGEST_NAME else classifiers
    return [{"license": {"name": name}} for name in named]
