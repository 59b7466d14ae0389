"""Where an error of pydantic's is in the file: its path without the tags of unions, and the keys known there."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, Tag

Path = tuple[str | int, ...]
Model = type[BaseModel]
KEY = "[key]"  # pydantic's last step where a mapping's key itself is wrong


@dataclass(frozen=True, kw_only=True)
class Spot:
    """A place in the file. `tag`: which of a union's forms it takes; `others`: the keys of each other form."""

    path: Path
    keys: frozenset[str] = frozenset()
    tag: str = ""
    others: Mapping[str, frozenset[str]] = field(default_factory=dict)


def spot(model: Model, location: Path) -> Spot:
    """Follows pydantic's `loc` down the models: a union's tag is a step of it, but not of the file."""
    here: object = model
    path: list[str | int] = []
    tag, forms = "", dict[str, Model]()
    for part in location:
        choice = _forms(here)
        if part in choice:
            here, tag, forms = choice[str(part)], str(part), choice
        elif part != KEY:
            path.append(part)
            here, tag, forms = _below(here, part), "", {}
    others = {name: keys(form) for name, form in forms.items() if name != tag}
    return Spot(path=tuple(path), keys=_all_keys(here), tag=tag, others=others)


def keys(model: Model) -> frozenset[str]:
    return frozenset(str(found.alias) for found in model.model_fields.values())


def _all_keys(annotation: object) -> frozenset[str]:
    return frozenset().union(*(keys(model) for model in _models(annotation)))


def _below(annotation: object, part: str | int) -> object:
    """The type of what stands under a key or an index; None where nothing is known of it."""
    for option in _options(annotation):
        if get_origin(option) in (dict, Mapping):
            return get_args(option)[1]
        if get_origin(option) in (tuple, list):
            return get_args(option)[0]
    for model in _models(annotation):
        for found in model.model_fields.values():
            if found.alias == part:
                return found.annotation
    return None


def _options(annotation: object) -> list[Any]:
    """The members of a union, and of unions in it, else the type alone; without `None`, as they are written."""
    bare = _model(annotation)
    if not _is_union(annotation):
        return [bare]
    members = [member for member in get_args(bare) if member is not type(None)]
    return [option for member in members for option in (_options(member) if _is_union(member) else [member])]


def _is_union(annotation: object) -> bool:
    """Also one in Annotated, as a union with a discriminator is."""
    return get_origin(_model(annotation)) in (Union, UnionType)


def _forms(annotation: object) -> dict[str, Model]:
    """The tagged forms of a union. Of one model alone there is no tag to skip."""
    options = _options(annotation)
    return {_tag(option): _model(option) for option in options if _is_model(option)} if len(options) > 1 else {}


def _models(annotation: object) -> list[Model]:
    return [_model(option) for option in _options(annotation) if _is_model(option)]


def _model(option: Any) -> Any:  # noqa: ANN401  a model, maybe in Annotated
    return get_args(option)[0] if get_origin(option) is Annotated else option


def _is_model(option: object) -> bool:
    bare = _model(option)
    return isinstance(bare, type) and issubclass(bare, BaseModel)


def _tag(option: Any) -> str:  # noqa: ANN401  a model, maybe in Annotated
    for mark in getattr(option, "__metadata__", ()):
        if isinstance(mark, Tag):
            return mark.tag
    named = _model(option).model_fields.get("type")
    return str(get_args(named.annotation)[0]) if named else ""
