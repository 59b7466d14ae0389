"""Lists of items in pages, as OpenAI's clients walk through them."""

from collections.abc import Sequence
from typing import Any

from starlette.datastructures import QueryParams

from autoglm_serving.api import errors

DEFAULT = 20
MOST = 100


def page_ids(ids: Sequence[str], query: QueryParams) -> tuple[list[str], bool]:
    """The ids of a page, and whether more follow. `limit`, `order` (newest first unless asc), `after`.

    Raises ApiError.
    """
    limit = query.get("limit", str(DEFAULT))
    if not (limit.isascii() and limit.isdecimal() and 1 <= int(limit[:9]) <= MOST):
        raise errors.invalid(f"limit: {limit[:32]!r} is not a number from 1 to {MOST}.", "limit")
    order = query.get("order", "desc")
    if order not in ("asc", "desc"):
        raise errors.invalid(f"order: {order[:32]!r} is neither asc nor desc.", "order")
    ordered = list(ids) if order == "asc" else list(reversed(ids))
    after = query.get("after")
    if after is not None:
        if after not in ordered:
            raise errors.invalid(f"after: there is no item {after[:128]!r} in this list.", "after")
        ordered = ordered[ordered.index(after) + 1 :]
    return ordered[: int(limit)], len(ordered) > int(limit)


def listed(items: Sequence[dict[str, Any]], more: bool) -> dict[str, Any]:
    return {
        "object": "list",
        "data": list(items),
        "first_id": items[0]["id"] if items else None,
        "last_id": items[-1]["id"] if items else None,
        "has_more": more,
    }
