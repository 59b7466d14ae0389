"""The models as `/v1/models` shows them: one object a name, in OpenAI's form, with the state of each version."""

from collections.abc import Iterable
from typing import Any

from autoglm_serving.api.models import ModelInfo


def catalogue(infos: Iterable[ModelInfo]) -> dict[str, dict[str, Any]]:
    """Objects by name. An object speaks of the active version, or of the latest loaded when none is active."""
    versions: dict[str, list[ModelInfo]] = {}
    for info in infos:
        versions.setdefault(info.name, []).append(info)
    return {name: _model(sorted(known, key=_rank)) for name, known in sorted(versions.items())}


def _rank(info: ModelInfo) -> tuple[bool, int]:
    return info.state == "active", info.created


def _model(versions: list[ModelInfo]) -> dict[str, Any]:
    first = versions[-1]
    return {
        "id": first.name,
        "object": "model",
        "created": first.created,
        "owned_by": "autoglm-serving",
        "root": first.name,
        "parent": None,
        "max_model_len": first.max_model_len,
        "version": first.version,
        "state": first.state,
        "versions": [
            {"version": info.version, "state": info.state, "created": info.created}
            | ({"reason": info.reason} if info.reason else {})
            for info in reversed(versions)
        ],
    }
