"""ServeSettings as a command line's flags and as environment variables."""

import argparse
from collections.abc import Mapping, Sequence
from typing import get_args

from pydantic import BaseModel, SecretStr, ValidationError
from pydantic.fields import FieldInfo

from autoglm_serving.errors import SettingsError
from autoglm_serving.settings import ServeSettings

ENV_PREFIX = "AUTOGLM_SERVE_"


def serve_settings(flags: Mapping[str, str], environment: Mapping[str, str]) -> ServeSettings:
    """Flags over environment variables over defaults. Raises SettingsError with every fault at once."""
    values: dict[str, str] = {}
    for name in ServeSettings.model_fields:
        if name in flags:
            values[name] = flags[name]
        elif environment.get(variable(name)):
            values[name] = environment[variable(name)]
    try:
        return ServeSettings.model_validate(values)
    except ValidationError as error:
        raise SettingsError(_explain(error, flags)) from None


def add_flags(parser: argparse.ArgumentParser) -> None:
    """One flag a field; only those that are given end in the parsed arguments."""
    for name, field in ServeSettings.model_fields.items():
        parser.add_argument(
            _flag(name),
            dest=name,
            default=argparse.SUPPRESS,
            metavar=_metavar(name, field),
            help=_help(field).replace("%", "%%"),
        )


def with_dashes(argv: Sequence[str]) -> list[str]:
    """vLLM takes `--max_model_len` for `--max-model-len`, and its recipes use both."""
    words = []
    for word in argv:
        name, equals, value = word.partition("=")
        words.append(name.replace("_", "-") + equals + value if word.startswith("--") else word)
    return words


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def variable(name: str) -> str:
    return ENV_PREFIX + name.upper()


def _metavar(name: str, field: FieldInfo) -> str:
    choices: tuple[str, ...] = getattr(field.annotation, "__args__", ())
    if choices and all(isinstance(choice, str) for choice in choices):
        return "{" + ",".join(choices) + "}"
    return {"model": "FOLDER", "model_repository": "FOLDER"}.get(name, name.rpartition("_")[2].upper())


def _help(field: FieldInfo) -> str:
    if field.is_required():
        return f"{field.description} (required)"
    if field.default is None:
        return str(field.description)
    default = (
        field.default.model_dump_json(exclude_none=True) if isinstance(field.default, BaseModel) else field.default
    )
    return f"{field.description} (default: {default})"


def _explain(error: ValidationError, flags: Mapping[str, str]) -> str:
    faults = []
    for fault in error.errors(include_url=False):
        name = str(fault["loc"][0])
        field = ServeSettings.model_fields[name]
        if fault["type"] == "missing":
            faults.append(f"{_flag(name)} is missing: give {_flag(name)} or set {variable(name)}; {field.description}")
        else:
            source = _flag(name) if name in flags else variable(name)
            value = "the value" if SecretStr in get_args(field.annotation) else repr(fault["input"])
            faults.append(f"{source}: {value} is not allowed: {fault['msg']}; it is: {_help(field)}")
    return "\n".join(dict.fromkeys(faults))
