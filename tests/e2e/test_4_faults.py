"""Killed parts are named and repaired; a run that was cut off is repaired by the next."""

import os
import re
import signal
import subprocess
import time

import openai
import pytest

from tests.e2e.conftest import kubectl, make, output
from tools.cluster import ClusterSettings, status
from tools.paths import ROOT

pytestmark = pytest.mark.e2e


def answers() -> bool:
    """Asked anew each time: the key and the endpoint may have changed."""
    with openai.OpenAI(base_url=output("endpoint"), api_key=output("apiKey"), timeout=60, max_retries=0) as client:
        messages = [{"role": "user", "content": "tap"}]
        done = client.chat.completions.create(model=output("model"), messages=messages, max_tokens=4)  # type: ignore[call-overload]
        return done.choices[0].finish_reason in {"stop", "length"}


def row(process: str) -> tuple[int, str, int]:
    """Pid (0 if none), state and restarts, as `make status` shows them."""
    found = re.search(rf"^{process}\s+(\d+|-)\s+(\w+)\s+(\d+)", make("status", check=False).stdout, re.MULTILINE)
    assert found, f"status does not show {process}"
    return int(found[1]) if found[1] != "-" else 0, found[2], int(found[3])


@pytest.mark.parametrize("process", ["kubelet", "containerd", "kube-apiserver"])
def test_a_killed_process_is_named_and_comes_back(stack: str, process: str) -> None:
    pid, _, restarts = row(process)
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while row(process)[1] != "running" or row(process)[2] <= restarts:
        assert time.monotonic() < deadline, f"{process} did not come back: {row(process)}"
        time.sleep(0.5)
    assert row(process)[0] != pid
    kubectl("wait", "--for=condition=Ready", "node", "--all", "--timeout=90s")
    assert answers()


def test_a_killed_node_is_repaired_by_the_next_up(stack: str) -> None:
    key = output("apiKey")
    init = status(ClusterSettings.load()).init
    assert init
    os.kill(init, signal.SIGKILL)
    assert row("kubelet")[:2] == (0, "stopped")
    make("up")
    assert output("apiKey") == key, "the stack was made anew"
    assert answers()


@pytest.mark.parametrize(("ending", "seconds"), [(signal.SIGKILL, 4), (signal.SIGINT, 6)])
def test_an_up_that_was_cut_off_is_repaired(stack: str, ending: signal.Signals, seconds: int) -> None:
    make("down")
    running = subprocess.Popen(
        ["make", "up"], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, start_new_session=True
    )
    assert running.stdout
    for line in running.stdout:
        if "pulumi up:" in line:
            break
    time.sleep(seconds)
    os.killpg(running.pid, ending)
    rest, _ = running.communicate(timeout=120)
    assert running.returncode != 0
    assert "Traceback" not in rest
    make("up")
    assert answers()
