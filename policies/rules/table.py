"""All rules, in the order in which a report names them. docs/policies.md has the same table, and a test compares."""

from policies.rules.credentials import EXPOSED_SECRETS
from policies.rules.encryption import UNENCRYPTED
from policies.rules.endpoints import PUBLIC_ENDPOINTS
from policies.rules.images import IMAGE_DIGESTS, MUTABLE_IMAGES
from policies.rules.permissions import WILDCARD_ACTIONS
from policies.rules.pools import KEPT_INSTANCES, UNTAINTED_POOLS
from policies.rules.ports import PUBLIC_PORTS
from policies.rules.quorum import EVEN_QUORUM
from policies.rules.tagging import MISSING_TAGS

RULES = (
    PUBLIC_PORTS,
    PUBLIC_ENDPOINTS,
    UNENCRYPTED,
    WILDCARD_ACTIONS,
    EXPOSED_SECRETS,
    UNTAINTED_POOLS,
    KEPT_INSTANCES,
    EVEN_QUORUM,
    MUTABLE_IMAGES,
    IMAGE_DIGESTS,
    MISSING_TAGS,
)
