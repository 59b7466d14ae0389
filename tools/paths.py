"""Where the toolchain keeps what it makes: everything under `.tools/`, which git ignores.

`TOOLS_DIR` moves it, for a machine whose checkout is on a small or slow disk.
"""

import os
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = Path(os.environ.get("TOOLS_DIR") or ROOT / ".tools").resolve()

BIN = TOOLS / "bin"  # executables, first on PATH for everything that `make` runs
BUILD = TOOLS / "build"  # one folder per built thing and version
LOG = TOOLS / "log"  # one file per step
IMAGES = TOOLS / "images"  # OCI archives of the container images
STATE = TOOLS / "state"  # Pulumi's file backend, its passphrase, the stack's configuration
CLUSTER = TOOLS / "cluster"  # one folder per embedded cluster
VENV = TOOLS / "venv"
