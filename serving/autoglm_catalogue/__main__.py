"""`python3 -m autoglm_catalogue`."""

import sys

from autoglm_catalogue.cli import main

sys.exit(main())
