"""`python3 -m autoglm_etcd.keeper`."""

import sys

from autoglm_etcd.keeper.cli import main

sys.exit(main())
