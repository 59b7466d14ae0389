"""`python -m tools.providers.random <engine address>`: the plugin process."""

import sys

from tools.providers.protocol import serve
from tools.providers.random.provider import RandomProvider

sys.exit(serve(RandomProvider(), sys.argv[1:]))
