"""Texts of one shape: a regular expression, and what it means in words for whoever got it wrong."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema


@dataclass(frozen=True)
class Shape:
    """`says` completes "it must be ..." and has an example. Editors check `pattern` and show `says`, too."""

    pattern: str
    says: str

    def check(self, value: str) -> str:
        """The value itself. Raises ValueError."""
        if not re.fullmatch(self.pattern, value):
            raise ValueError(f"it must be {self.says}")
        return value

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | {"pattern": f"^(?:{self.pattern})$", "description": f"It must be {self.says}."}


@dataclass(frozen=True, eq=False)  # so that it has a hash, which `| None` asks for
class Checked:
    """A text that `check` accepts, for what one regular expression can't say; `hint` is what editors get of it."""

    check: Callable[[str], str]
    hint: dict[str, Any]

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.no_info_after_validator_function(self.check, handler(source))

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return handler(schema) | self.hint
