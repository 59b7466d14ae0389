"""Nothing that a client has open is cut when pods are replaced."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import openai
import pytest

from tests.e2e.conftest import kubectl, output

pytestmark = pytest.mark.e2e

STREAMS = 10
SECONDS = 90  # how long a stream is to last: longer than the new pod takes to be ready
TRIAL = 400  # tokens of a stream that tells how fast this machine is
MOST = 6_000  # tokens; longer contexts make each token slower, so a stream lasts longer than by the trial
WAIT = 180  # seconds for all streams to begin


def stream(client: openai.OpenAI, model: str, started: Barrier, tokens: int) -> str | None:
    """Reads one answer to its end; waits for the others after the first token. Returns the finish reason."""
    messages = [{"role": "user", "content": "tap the red button"}]
    answer = client.chat.completions.create(
        model=model,
        messages=messages,
        max_tokens=tokens,
        temperature=1.0,
        stream=True,
        extra_body={"ignore_eos": True},
    )  # type: ignore[call-overload]
    finished, first = None, True
    for chunk in answer:
        if first:
            started.wait(timeout=WAIT)
            first = False
        if chunk.choices:
            finished = chunk.choices[0].finish_reason or finished
    return finished


def lasting(client: openai.OpenAI, model: str) -> int:
    """Tokens that take about SECONDS while as many streams run, on this machine as it is now."""
    took = 0.0
    for _ in range(2):  # the first pays for what is made at first use
        began = time.monotonic()
        with ThreadPoolExecutor(STREAMS) as threads:
            list(threads.map(lambda _: stream(client, model, Barrier(1), TRIAL), range(STREAMS)))
        took = time.monotonic() - began
    return min(MOST, round(TRIAL * SECONDS / took))


def told_to_end(workload: str) -> None:
    """Waits until the first of a Deployment's pods ends, which is when another is ready in its place."""
    end = time.monotonic() + WAIT
    while time.monotonic() < end:
        times = kubectl(
            "-n", "autoglm", "get", "pods", "-l", f"app.kubernetes.io/name={workload}",
            "-o", "jsonpath={.items[*].metadata.deletionTimestamp}",
        )  # fmt: skip
        if times.strip():
            return
        time.sleep(0.5)
    raise AssertionError(f"no pod of {workload} was told to end within {WAIT} s")


@pytest.mark.parametrize("workload", ["serving", "gateway"])
def test_a_rolling_restart_truncates_no_stream(client: openai.OpenAI, workload: str) -> None:
    name = kubectl(
        "-n", "autoglm", "get", "deployment", "-l", f"app.kubernetes.io/name={workload}", "-o", "name"
    ).strip()
    model = output("model")
    tokens = lasting(client, model)
    started = Barrier(STREAMS + 1)
    with ThreadPoolExecutor(STREAMS) as threads:
        answers = [threads.submit(stream, client, model, started, tokens) for _ in range(STREAMS)]
        started.wait(timeout=WAIT)
        kubectl("-n", "autoglm", "rollout", "restart", name)
        told_to_end(workload)
        assert not all(answer.done() for answer in answers), "no stream was open when the first pod was told to end"
        kubectl("-n", "autoglm", "rollout", "status", name, "--timeout=180s")
        reasons = [answer.result(timeout=300) for answer in answers]
    assert set(reasons) <= {"stop", "length"}, f"a stream was cut: {reasons}"


def test_the_server_is_reached_only_through_the_gateway() -> None:
    """Default deny: a pod without the gateway's label gets no answer from the server."""
    probe = (
        "import socket,sys\n"
        "try: socket.create_connection((sys.argv[1], 8000), 3)\n"
        "except OSError: print('refused')\n"
        "else: print('reached')"
    )
    pods = kubectl(
        "-n", "autoglm", "get", "pods", "-l", "app.kubernetes.io/name=serving", "-o", "jsonpath={..podIP}"
    ).split()
    source = kubectl("-n", "autoglm", "get", "pods", "-l", "app.kubernetes.io/name=serving", "-o", "name").split()[0]
    assert kubectl("-n", "autoglm", "exec", source, "--", "python3", "-c", probe, pods[-1]).strip() == "refused"


def test_an_unsafe_pod_is_refused() -> None:
    with pytest.raises(AssertionError, match="PodSecurity"):
        kubectl("-n", "autoglm", "run", "unsafe", "--image=localhost/none:1", "--privileged", "--dry-run=server")
