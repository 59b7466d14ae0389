"""`python -m tools.providers.cloud <package> [<engine address>]`: the plugin process of one cloud."""

import sys

from tools.providers.cloud import sdk
from tools.providers.cloud.packages import PACKAGES
from tools.providers.cloud.provider import CloudProvider
from tools.providers.protocol import serve


def main(argv: list[str]) -> int:
    """Serves the package that the first argument names."""
    if not argv or argv[0] not in PACKAGES:
        sys.stderr.write(f"usage: python -m tools.providers.cloud {'|'.join(PACKAGES)} [<engine address>]\n")
        return 2
    sdk.alone()
    return serve(CloudProvider(argv[0]), argv[1:])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
