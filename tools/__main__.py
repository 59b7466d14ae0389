"""`python3 -m tools COMMAND`: what `make` calls."""

import sys

if sys.version_info < (3, 11):  # noqa: UP036  before anything is imported that an older one can't read
    sys.exit(f"error: Python {sys.version.split()[0]} is older than 3.11; put a later `python3` first on PATH")

from tools.cli import main

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
