import sys

from autoglm_serving.cli import main

sys.exit(main())
