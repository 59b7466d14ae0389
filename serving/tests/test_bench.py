"""The bench's own arithmetic and its client; what it measures is for a quiet machine."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from harness import Server

from bench import report, venvs
from bench.load import Running, percentile, run
from bench.prompts import Prompts, body
from bench.workloads import Workload, throughput


@pytest.fixture(scope="module")
def endless() -> Iterator[str]:
    """A server whose streams never end, and that counts those whose client has left."""

    class Handler(BaseHTTPRequestHandler):
        left = threading.Event()

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            if self.path.startswith("/broken"):
                self.send_error(500, "broken")
                return
            self.send_response(200)
            self.end_headers()
            event = json.dumps({"choices": [{"delta": {"content": "x"}}]}).encode()
            try:
                while not self.left.wait(0.01):
                    self.wfile.write(b"data: " + event + b"\n\n")
            except OSError:
                self.left.set()

        def log_message(self, *_: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever).start()
    yield f"http://127.0.0.1:{server.server_port}"
    Handler.left.set()
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("share", "value"), [(0.5, 50.0), (0.95, 95.0), (0.99, 99.0), (1.0, 100.0), (0.001, 1.0)])
def test_percentiles_are_values_that_were_measured(share: float, value: float):
    assert percentile([float(number) for number in range(100, 0, -1)], share) == value
    assert percentile([7.0], share) == 7.0


def test_tokens_and_times_of_streams_of_a_real_server(server: Server):
    asked = body("autoglm-phone-9b", "Tap the red button.", 5, ignore_eos=True)
    streams = run(f"{server.url}/v1", [asked, asked])
    assert [stream.tokens for stream in streams] == [5, 5]
    for stream in streams:
        assert stream.prompt_tokens > 0
        assert 0 < stream.first_token <= stream.ended - stream.began
        assert all(seconds >= 0 for _, seconds in stream.gaps)


def test_a_stream_that_is_stopped_is_no_failure_and_leaves_the_server(endless: str):
    running = Running(f"{endless}/v1", {})
    while len(running.stream.chunks) < 3:
        assert not running.stream.ended
    running.stop()
    assert len(running.stream.gaps) >= 2


def test_a_stream_that_fails_is_told(endless: str):
    with pytest.raises(RuntimeError, match="500"):
        run(f"{endless}/broken", [{}])


def test_prompts_are_of_the_length_asked_for_the_same_for_all_sides_and_never_alike(tiny_model: Path):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(str(tiny_model / "tokenizer.json"))
    made = [Prompts(tiny_model, seed, files=1) for seed in (0, 0, 1)]
    texts = [prompts.text(1000) for prompts in made]
    assert texts[0] == texts[1] != texts[2]
    assert texts[0][:8] != texts[2][:8]
    assert all(abs(len(tokenizer.encode(text).ids) - 1000) < 100 for text in texts)
    assert made[0].image(40, 80).startswith("data:image/png;base64,")


def test_the_table_has_medians_ratios_and_whether_targets_hold():
    figures = {
        "16 streams": {"tokens/s": {"ours": [90.0, 100.0, 110.0], "vllm": [200.0], "transformers": []}},
        "cold start": {"to first token s": {"ours": [5.0], "vllm": [100.0]}},
    }
    text = report.table({"model": "text"}, figures, ["ours", "vllm", "transformers"])
    lines = text.splitlines()
    assert lines[0] == "model: text"
    assert "| 16 streams | tokens/s | 100 (90-110) | 200 | failed | 0.50 |  | >= 1 of vllm: NO |" in lines
    assert "| cold start | to first token s | 5 | 100 | failed | 0.05 |  | <= 0.1 of vllm: yes |" in lines


def test_every_target_is_of_something_that_is_measured():
    from bench.peers import _parser, workloads

    names = {"cold start", "memory"}
    for model in ("text", "vision"):
        names |= {workload.name for workload in workloads(_parser().parse_args(["--model", model]))}
    for target in report.TARGETS:
        assert any(target.workload in name for name in names), target
    assert isinstance(throughput(1, 1), Workload)


def test_the_peers_are_pinned_by_hash():
    for peer in venvs.PEERS.values():
        lines = peer.lock.read_text().splitlines()
        pins = [line for line in lines if "==" in line]
        assert len(pins) > 5
        assert all("==" in line or line.strip().startswith("--hash=sha256:") for line in lines if line.strip())
        for name, _, version in (requirement.partition("==") for requirement in peer.requirements):
            assert any(pin.startswith(f"{name.partition('[')[0]}=={version}") for pin in pins)
