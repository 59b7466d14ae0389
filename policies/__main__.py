"""The policy pack: `pulumi preview --policy-pack policies`. It serves until the engine ends it."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from policies.pack import serve

serve()
