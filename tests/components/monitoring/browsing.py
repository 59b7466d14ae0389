"""A page in the real browser, without a network: what it measures of the page, and what it complains of."""

import html
import json
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools import browser

_KEPT = "measured-by-a-test"
_MEASURE = (Path(__file__).with_name("measure.js")).read_text()


@dataclass(frozen=True)
class Seen:
    """`measured`: what measure.js returns. `complaints`: lines of the page's console. `screenshot`: the window."""

    measured: dict[str, Any]
    complaints: tuple[str, ...]
    screenshot: Path


def opened(page: Path, folder: Path, *, width: int, height: int) -> Seen:
    """Opens a copy of the page, in a window of so many pixels; `folder` is the browser's for as long."""
    folder.mkdir()
    copy, picture = folder / "page.html", folder / "seen.png"
    script = f"<script>const kept = document.createElement('pre'); kept.id = '{_KEPT}'; kept.hidden = true;"
    script += f"kept.textContent = JSON.stringify(({_MEASURE})()); document.body.append(kept);</script>"
    copy.write_text(page.read_text() + script)
    said = _run(folder, f"--window-size={width},{height}", f"--screenshot={picture}", "--dump-dom", copy.as_uri())
    (found,) = re.findall(rf'<pre id="{_KEPT}" hidden="">(.*?)</pre>', said.stdout, re.DOTALL)
    complaints = tuple(line for line in said.stderr.splitlines() if ":CONSOLE" in line)
    return Seen(json.loads(html.unescape(found)), complaints, picture)


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    argv = [
        str(browser.PROGRAM),
        # Its sandbox wants rights that root in a container lacks; it opens our own file only, and no name is found.
        "--no-sandbox",
        "--host-resolver-rules=MAP * ~NOTFOUND",
        "--disable-gpu",
        "--hide-scrollbars",
        "--enable-logging=stderr",
        f"--user-data-dir={folder / 'profile'}",
        *arguments,
    ]
    environment = {**os.environ, **browser.environment(folder)}
    done = subprocess.run(argv, env=environment, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return done
