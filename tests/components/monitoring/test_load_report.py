"""A load test's report as a person sees it: a real test of a real server, opened in the real browser."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.components.monitoring.browsing import opened
from tests.harness import model_server
from tools import browser
from tools.check import SERVING, SERVING_VENV

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(not browser.PROGRAM.exists(), reason="there is no browser in this machine's packages"),
]
RED, GREEN = "rgb(179, 38, 30)", "rgb(42, 125, 42)"
WINDOWS = {"desk": (1280, 1700), "phone": (390, 844)}


@pytest.fixture(scope="module", params=[("60", GREEN), ("0.000001", RED)], ids=["kept", "broken"])
def report(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The page, and the colour of its verdict."""
    promised, color = request.param
    folder = tmp_path_factory.mktemp("load")
    with model_server.light(folder / "server.log", "--served-model-name=light") as port:
        argv = [
            *(SERVING_VENV / "bin" / "python", "-m", "bench.loadtest", f"--base-url=http://127.0.0.1:{port}/v1"),
            *("--model=light", "--rate=10", "--seconds=3", "--image=112x224"),
            *(f"--first-token={promised}", "--per-token=60", f"--out={folder}"),
        ]
        environment = {**os.environ, "PYTHONPATH": str(SERVING)}
        done = subprocess.run(argv, cwd=SERVING, env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == (0 if color == GREEN else 1), done.stderr
    return folder / "report.html", color


@pytest.mark.parametrize("window", WINDOWS)
def test_the_report_can_be_read(report: tuple[Path, str], tmp_path: Path, window: str) -> None:
    page, color = report
    width, height = WINDOWS[window]
    seen = opened(page, tmp_path / "browser", width=width, height=height)
    found = seen.measured
    assert seen.complaints == ()
    assert found["width"] == width
    assert found["title"] == "Load test: baseline"
    assert (found["color"], "All promises were kept" in found["verdict"]) == (color, color == GREEN)
    assert found["overflow"] <= 0, "nothing lies outside the window"
    assert found["hidden"] == 0 and all(text.strip() for text in found["cells"])
    assert len(found["plots"]) == 2
    assert all(plot["share"] > 0.8 and plot["shapes"] > 30 for plot in found["plots"])
    assert seen.screenshot.stat().st_size > 10_000
