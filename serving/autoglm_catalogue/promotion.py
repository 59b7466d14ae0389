"""Which region is the one that is promoted: one key, whose revision is the fencing token.

Who was promoted once and does not know that it no longer is, still holds an old token: every write that counts names
its token in its transaction, and etcd refuses the ones that are not the newest. No clock is asked.
"""

import json
from dataclasses import dataclass
from typing import Any, Final

from autoglm_etcd.keys import Keys, absent, put, unchanged

KEY: Final = "/autoglm/promotion"


@dataclass(frozen=True, kw_only=True)
class Promotion:
    """`token` grows with each promotion; 0 while no region was ever promoted."""

    region: str = ""
    token: int = 0


class Superseded(Exception):
    """Another region was promoted meanwhile; the message says which."""


def current(keys: Keys) -> Promotion:
    """Raises EtcdError."""
    found = keys.get(KEY)
    return Promotion(region=json.loads(found.value)["region"], token=found.revision) if found else Promotion()


def holds(token: int) -> Any:
    """A condition of a transaction: nobody was promoted since this token was given."""
    return unchanged(KEY, token) if token else absent(KEY)


def promote(keys: Keys, region: str, seen: Promotion) -> Promotion:
    """Promote a region over the one that was seen to be. Raises Superseded when that was not the last word, EtcdError.

    A region that is promoted again gets a new token: what its earlier self still has under way is fenced off.
    """
    done = keys.transact([holds(seen.token)], [put(KEY, json.dumps({"region": region}).encode())])
    if not done.succeeded:
        now = current(keys)
        raise Superseded(f"{now.region} was promoted meanwhile, with token {now.token}: look again before promoting")
    return Promotion(region=region, token=done.revision)
