"""YAML without its surprises. Errors never quote a line, which may hold a secret."""

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import yaml


class NotYamlError(Exception):
    """Begins with where it is, to be put after the file's name."""


if TYPE_CHECKING:
    _Base = yaml.SafeLoader
else:  # libyaml's parser where PyYAML has it, as all its wheels do: a file of 500 pools is read in a tenth of the time
    _Base = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Base):
    """YAML in which a key that stands twice is an error, not a silent last word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen = set()
        for key, _ in node.value:
            if key.value in seen:
                raise yaml.MarkedYAMLError(problem=f"the key {key.value!r} is there twice", problem_mark=key.start_mark)
            seen.add(key.value)
        return super().construct_mapping(node, deep)


def read_yaml(text: str) -> object:
    """What the text says. Raises NotYamlError."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506  a SafeLoader
    except yaml.MarkedYAMLError as error:  # its own text quotes the line
        mark = error.problem_mark
        where = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise NotYamlError(f"{where}: this is not YAML: {error.problem}; correct the line") from None
    except yaml.YAMLError:
        raise NotYamlError(": this is not YAML: it has characters that no YAML file may have") from None
