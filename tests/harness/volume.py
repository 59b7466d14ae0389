"""A folder whose files change together, as the kubelet keeps a ConfigMap's or a Secret's volume."""

import os
from collections.abc import Mapping
from pathlib import Path
from tempfile import mkdtemp


def write(folder: Path, files: Mapping[str, str]) -> None:
    """All files anew, in one step: `..data` is a link to the folder of the current ones, each file a link into it."""
    folder.mkdir(parents=True, exist_ok=True)
    made = Path(mkdtemp(prefix="..", dir=folder))
    for name, content in files.items():
        (made / name).write_text(content)
    link = folder / "..data_tmp"
    link.symlink_to(made.name)
    os.rename(link, folder / "..data")
    for name in files:
        if not (folder / name).is_symlink():
            (folder / name).symlink_to(f"..data/{name}")
