"""An API server's refusal, said for the person who wrote the program."""

import re
from collections.abc import Mapping
from typing import Any, Final

from tools.providers.kubernetes.errors import ApiError
from tools.providers.values import get

_TYPED_PATCH: Final = re.compile(r"^failed to create (?:manager for existing fields|typed patch object \([^)]*\)): ")
_UNKNOWN_FIELD: Final = re.compile(r'unknown field "(?P<path>[^"]+)"')
_IMMUTABLE: Final = re.compile(r"immutable|updates to .* are forbidden|may not change fields|may not be changed", re.I)
_MANAGER: Final = re.compile(r'conflict with "(?P<manager>[^"]+)"')


def title(obj: Mapping[str, Any]) -> str:
    """`Deployment team-a/web`."""
    metadata = obj.get("metadata") or {}
    place = f"{metadata['namespace']}/" if metadata.get("namespace") else ""
    return f"{obj.get('kind')} {place}{metadata.get('name') or metadata.get('generateName')}"


def refused(obj: Mapping[str, Any], error: ApiError) -> str:
    """The refusal with the object, the field and what to do about it where that is known."""
    if is_conflict(error):
        return f"{title(obj)}: {_conflict(error)}"
    text = _TYPED_PATCH.sub("", error.message)
    unknown = [f".{match['path']}: field not declared in schema" for match in _UNKNOWN_FIELD.finditer(text)]
    if unknown:
        return f"{title(obj)}: {'; '.join(dict.fromkeys(unknown))}"
    if error.code == 401:
        return f"{title(obj)}: the cluster does not accept the credentials of the kubeconfig (401 Unauthorized)"
    return f"{title(obj)}: {text}"


def is_conflict(error: ApiError) -> bool:
    return error.code == 409 and any(cause.get("reason") == "FieldManagerConflict" for cause in error.causes)


def _conflict(error: ApiError) -> str:
    owners: dict[str, list[str]] = {}
    for cause in error.causes:
        match = _MANAGER.search(cause.get("message", ""))
        owners.setdefault(match["manager"] if match else "another manager", []).append(cause.get("field", "?"))
    fields = "; ".join(f"{', '.join(paths)} (set by {manager!r})" for manager, paths in owners.items())
    return (
        f"another field manager owns what the program wants to set: {fields}. Leave these fields out of the program, "
        'or take them over with the annotation pulumi.com/patchForce: "true"'
    )


def is_immutable(error: ApiError) -> bool:
    """Whether the server refused a change only because the field cannot change in place."""
    return error.code in (403, 422) and bool(_IMMUTABLE.search(error.message))


def is_transient(error: ApiError) -> bool:
    """Refusals that end by themselves while a program's other resources come up."""
    text = error.message
    return (
        error.code == 404  # the namespace, or a kind whose definition was just made
        or (
            error.code == 403
            and (("serviceaccount" in text and "not found" in text) or "status unknown for quota" in text)
        )
        or (error.code == 500 and "failed calling webhook" in text)
        or (error.code == 409 and "object has been modified" in text)
    )


def is_foreign(live: Mapping[str, Any], manager: str) -> bool:
    """Whether an object was made by anyone but this very resource."""
    entries = get(live, ("metadata", "managedFields"), [])
    return all(entry.get("manager") != manager for entry in entries)
