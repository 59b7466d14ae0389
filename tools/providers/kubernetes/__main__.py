"""`python -m tools.providers.kubernetes <engine address>`: the plugin process."""

import sys

from tools.providers.kubernetes.provider import KubernetesProvider
from tools.providers.protocol import serve

sys.exit(serve(KubernetesProvider(), sys.argv[1:]))
