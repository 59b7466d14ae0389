"""The tiny model that operates a phone, trained by serving/tinyphone and shipped with this package."""

import shutil
from pathlib import Path

from autoglm_serving.errors import ModelError
from autoglm_serving.model import folder as model_folder
from autoglm_serving.model import manifest, whole

SHIPPED = Path(__file__).parent / "tinyphone_files"
NOTE = "tinyphone.json"
"""Only this model has it: what command made the weights, and how well they do."""


def make(folder: Path) -> str:
    """Copies the shipped model, and says what was done. Raises ModelError.

    A folder that is there is verified and left as it is, unless it holds the tiny phone model of another release: that
    one is replaced.
    """
    try:
        if (folder / NOTE).is_file() and not _same(folder):
            # Servers that hold the old files open go on with them.
            shutil.rmtree(folder)
    except OSError as error:
        raise ModelError(f"{folder} can't be replaced: {error.strerror or error}") from error
    done = "made" if whole.make(folder, _copy) else "already there:"
    report = model_folder.check(folder)
    return f"{folder}: {done} {report.files} files, {report.bytes} bytes, all as in {manifest.NAME}"


def _copy(part: Path) -> None:
    model_folder.check(SHIPPED)
    for path in SHIPPED.iterdir():
        shutil.copyfile(path, part / path.name)


def _same(folder: Path) -> bool:
    return (folder / manifest.NAME).read_bytes() == (SHIPPED / manifest.NAME).read_bytes()
