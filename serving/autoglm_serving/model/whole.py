"""A model's folder that is made whole or not at all."""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

from autoglm_serving.errors import ModelError
from autoglm_serving.model import folder as model_folder
from autoglm_serving.model import manifest
from autoglm_serving.model.publish import publish


def make(folder: Path, fill: Callable[[Path], None]) -> bool:
    """Makes the folder of what `fill` writes into an empty one, with a manifest. Raises ModelError.

    False, if a folder is there already: then that one was verified and left as it is.
    """
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        model_folder.check(folder)
        return False
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        prefix = f".{folder.name}.part-"
        for left in folder.parent.glob(f"{prefix}*"):
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(prefix=prefix, dir=folder.parent) as parts:
            part = Path(parts) / folder.name
            part.mkdir(mode=0o755)
            fill(part)
            manifest.write(part)
            publish(part, folder)
    except OSError as error:
        raise ModelError(f"{folder} can't be made: {error.strerror or error}") from error
    return True
