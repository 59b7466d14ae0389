"""`python -m tools.providers.tls <engine address>`: the plugin process."""

import sys

from tools import versions
from tools.providers.kept import KeptProvider
from tools.providers.protocol import serve
from tools.providers.tls.resources import KINDS

sys.exit(serve(KeptProvider("tls", versions.PULUMI_TLS, KINDS), sys.argv[1:]))
