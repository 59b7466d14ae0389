"""What a request holds its answer to: OpenAI's `response_format`, vLLM's `structured_outputs` and its older names."""

import json
from typing import Annotated, Any, Literal, NamedTuple

from pydantic import Field, model_validator

from autoglm_serving.api.messages import Body
from autoglm_serving.guides import Constraint, Kind

MAX_SCHEMA = 65_536
MAX_REGEX = 4_096
MAX_CHOICES = 1_024

ANY_OBJECT = '{"type":"object"}'

Regex = Annotated[str, Field(min_length=1, max_length=MAX_REGEX)]
Choices = Annotated[
    list[Annotated[str, Field(min_length=1, max_length=MAX_REGEX)]], Field(min_length=1, max_length=MAX_CHOICES)
]


class JsonSchemaFormat(Body):
    name: Annotated[str, Field(max_length=64)] = "schema"
    schema_: Annotated[dict[str, Any], Field(alias="schema")]
    strict: bool | None = None


class ResponseFormat(Body):
    type: Literal["text", "json_object", "json_schema"]
    json_schema: JsonSchemaFormat | None = None

    @model_validator(mode="after")
    def _schema_is_there(self) -> "ResponseFormat":
        if self.type == "json_schema" and self.json_schema is None:
            raise ValueError("json_schema is missing; with the type json_schema it has the name and the schema")
        if self.json_schema is not None:
            _bounded(self.json_schema.schema_)
        return self

    def constraint(self) -> Constraint | None:
        if self.type == "text":
            return None
        schema = ANY_OBJECT if self.json_schema is None else _text(self.json_schema.schema_)
        return Constraint(kind=Kind.JSON, text=schema)


class StructuredOutputs(Body):
    """vLLM's; `json` may be the schema or its text."""

    json_: Annotated[dict[str, Any] | str | None, Field(alias="json")] = None
    regex: Regex | None = None
    choice: Choices | None = None
    json_object: bool | None = None
    grammar: Any = None
    structural_tag: Any = None

    @model_validator(mode="after")
    def _one_of_those_offered(self) -> "StructuredOutputs":
        if self.grammar or self.structural_tag:
            raise ValueError("grammar and structural_tag are not offered; use json, regex or choice")
        given = [
            name for name in ("json_", "regex", "choice", "json_object") if getattr(self, name) not in (None, False)
        ]
        if len(given) > 1:
            raise ValueError("an answer is held to one of json, regex, choice and json_object")
        if self.json_ is not None:
            _bounded(self.json_)
        return self

    def constraint(self) -> Constraint | None:
        return _constraint(self.json_ or (ANY_OBJECT if self.json_object else None), self.regex, self.choice)


class Constrained(Body):
    """The fields of a request that hold its answer to something; one of them at most."""

    response_format: ResponseFormat | None = None
    structured_outputs: StructuredOutputs | None = None
    guided_json: dict[str, Any] | str | None = None
    guided_regex: Regex | None = None
    guided_choice: Choices | None = None

    @model_validator(mode="after")
    def _only_one(self) -> "Constrained":
        fields = [held.field for held in self._held()]
        if len(fields) > 1:
            raise ValueError(f"an answer is held to one thing, but these are given: {', '.join(fields)}")
        if self.guided_json is not None:
            _bounded(self.guided_json)
        return self

    @property
    def held_to(self) -> "HeldTo | None":
        return next(iter(self._held()), None)

    def _held(self) -> list["HeldTo"]:
        found = {
            "response_format": self.response_format and self.response_format.constraint(),
            "structured_outputs": self.structured_outputs and self.structured_outputs.constraint(),
            "guided_json": _constraint(self.guided_json, None, None),
            "guided_regex": _constraint(None, self.guided_regex, None),
            "guided_choice": _constraint(None, None, self.guided_choice),
        }
        return [HeldTo(field, constraint) for field, constraint in found.items() if constraint]


class HeldTo(NamedTuple):
    """The request's field that says it, which an error names."""

    field: str
    constraint: Constraint


def _constraint(schema: dict[str, Any] | str | None, regex: str | None, choice: list[str] | None) -> Constraint | None:
    if schema is not None:
        return Constraint(kind=Kind.JSON, text=_text(schema))
    if regex is not None:
        return Constraint(kind=Kind.REGEX, text=regex)
    return None if choice is None else Constraint(kind=Kind.CHOICE, text=_text(choice))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _bounded(schema: dict[str, Any] | str) -> None:
    text = _text(schema)
    if len(text) > MAX_SCHEMA:
        raise ValueError(f"the schema has {len(text)} characters, more than the {MAX_SCHEMA} allowed")
    try:
        found = json.loads(text)
    except ValueError as error:
        raise ValueError(f"the schema is not valid JSON: {error}") from None
    if not isinstance(found, dict):
        raise ValueError("the schema must be a JSON object")
