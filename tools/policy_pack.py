"""The policy pack as the engine at hand takes it.

The language host of a later Pulumi runs a pack in Python by itself. Ours is of 3.60 and can't: it looks for the pack's
program in a field that the engine no longer fills. The engine still asks a plugin named after an unknown runtime.
"""

from tools.paths import BIN, ROOT, TOOLS, VENV
from tools.versions import PULUMI_PYTHON_HOST

PACK = ROOT / "policies"
_RUNTIME = "open-autoglm"
_FOLDER = TOOLS / "policies"


def ensure() -> str:
    """The folder to name with `--policy-pack`."""
    if PULUMI_PYTHON_HOST not in str((BIN / "pulumi-language-python").resolve()):
        return str(PACK)
    _FOLDER.mkdir(parents=True, exist_ok=True)
    description = (PACK / "PulumiPolicy.yaml").read_text().replace("runtime: python", f"runtime: {_RUNTIME}")
    (_FOLDER / "PulumiPolicy.yaml").write_text(description)
    (_FOLDER / "__main__.py").write_text(
        f"import sys\n\nsys.path.insert(0, {str(ROOT)!r})\nfrom policies.pack import serve\n\nserve()\n"
    )
    launcher = BIN / f"pulumi-analyzer-policy-{_RUNTIME}"
    launcher.write_text(f'#!/bin/sh\nexec \'{VENV}/bin/python\' -u -m pulumi.policy "$1" "$2"\n')
    launcher.chmod(0o755)
    return str(_FOLDER)
