"""`python -m tools.providers.random <engine address>`: the plugin process."""

import sys

from tools import versions
from tools.providers.kept import KeptProvider
from tools.providers.protocol import serve
from tools.providers.random.resources import KINDS

sys.exit(serve(KeptProvider("random", versions.PULUMI_RANDOM, KINDS), sys.argv[1:]))
