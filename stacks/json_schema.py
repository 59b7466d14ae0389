"""JSON Schemas of the stacks' files, for editors: `python -m stacks.json_schema` writes them beside the files.

A file's first line names its schema: `# yaml-language-server: $schema=region.schema.json`.
"""

import json
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, TypeAdapter

from stacks.fleet import FleetSpec
from stacks.schema import RegionSpec

FOLDER = Path(__file__).parent
_DRAFT = "http://json-schema.org/draft-07/schema#"  # the newest that yaml-language-server knows whole
_SCHEMAS: dict[str, tuple[str, TypeAdapter[Any]]] = {
    "region.schema.json": (
        "A region: stacks/<stack>.yaml",
        TypeAdapter(Annotated[RegionSpec, Field(discriminator="provider")]),
    ),
    "fleet.schema.json": ("A fleet of regions: stacks/fleet-<name>.yaml", TypeAdapter(FleetSpec)),
}
_ADDRESS = r"\d{1,3}(\.\d{1,3}){3}"
_PATTERNS = {"ipv4": f"^{_ADDRESS}$", "ipv4network": f"^{_ADDRESS}(/\\d{{1,2}})?$"}
_LEFT_OUT = ("title", "discriminator")


def schemas() -> dict[str, str]:
    """The text of each schema by its file's name."""
    return {name: _text(title, adapter) for name, (title, adapter) in _SCHEMAS.items()}


def _text(title: str, adapter: TypeAdapter[Any]) -> str:
    made = {"$schema": _DRAFT, "title": title, **_plain(adapter.json_schema())}
    return json.dumps(made, indent=2, sort_keys=True) + "\n"


def _plain(schema: Any) -> Any:  # noqa: ANN401  JSON
    """As editors take it: addresses as patterns, no titles that repeat the keys, no words of OpenAPI's; and a key that
    does not fit its mapping's pattern is an error."""
    if isinstance(schema, list):
        return [_plain(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if pattern := _PATTERNS.get(schema.get("format", "")):
        return {"type": "string", "pattern": pattern}
    made = {key: _plain_word(key, item) for key, item in schema.items() if key not in _LEFT_OUT}
    if "patternProperties" in made:
        made["additionalProperties"] = False
    return made


def _plain_word(word: str, item: Any) -> Any:  # noqa: ANN401  JSON
    """Under these words stand the file's own keys, not JSON Schema's."""
    if word in ("properties", "$defs", "patternProperties"):
        return {name: _plain(value) for name, value in item.items()}
    return item if word == "default" else _plain(item)


def write(folder: Path) -> None:
    for name, text in schemas().items():
        (folder / name).write_text(text)


if __name__ == "__main__":
    write(FOLDER)
