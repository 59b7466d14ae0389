"""The plugin process, as the engine starts it through its launcher."""

import sys

from tools.providers.cloud.__main__ import main

sys.exit(main(["aws", *sys.argv[1:]]))
