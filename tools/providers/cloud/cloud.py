"""What a table of one cloud says. The tables are in aws.py, alicloud.py and tencentcloud.py."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Lookup:
    """A function that finds what exists.

    `section`: of the world; `by`: argument -> key of a record, dots lead into it; `filters`: name of a `filters` entry
    -> key; `record`: what a found one has where the world does not say; `answer`: the outputs, from the record, or with
    `items` a list of them under that name. `ids`: the argument that lists the ids asked for.
    """

    section: str
    by: Mapping[str, str] = field(default_factory=dict)
    filters: Mapping[str, str] = field(default_factory=dict)
    record: Mapping[str, Any] = field(default_factory=dict)
    answer: Mapping[str, Any] = field(default_factory=dict)
    items: str = ""
    ids: str = ""
    lists: Mapping[str, str] = field(default_factory=dict)  # output -> key that it lists of every record
    ready: tuple[Mapping[str, Any], ...] = ()  # records of a list where the world does not say and no id is asked for


@dataclass(frozen=True, kw_only=True)
class Cloud:
    """By token: `identifiers` (template), `outputs` (templates, over what the type alone would give), `replaced`
    (patterns, see diff.py), `values` (path -> what the cloud takes), `named` (the property that gets a name of its
    own), `answers` (of functions that find nothing: templates), `lookups`."""

    account: str
    app_id: str
    zones: tuple[str, ...]
    identifiers: Mapping[str, str]
    outputs: Mapping[str, Mapping[str, Any]]
    replaced: Mapping[str, frozenset[str]]
    values: Mapping[str, Mapping[str, tuple[Any, ...]]]
    named: Mapping[str, str]
    answers: Mapping[str, Mapping[str, Any]]
    lookups: Mapping[str, Lookup]
