"""`make load-test`: against a server that is named; the stack's own is asked in the end-to-end tests."""

from pathlib import Path

import pytest

from tests.harness import model_server
from tools import load_test
from tools.process import ToolError
from tools.stack import Stack


@pytest.mark.integration
def test_a_server_that_is_named_is_asked(tmp_path: Path) -> None:
    with model_server.light(tmp_path / "log") as port:
        told = ["--base-url", f"http://127.0.0.1:{port}/v1", "--rate", "5", "--seconds", "1", "--image", "none"]
        assert load_test.run(Stack("dev"), [*told, "--first-token", "60", "--out", str(tmp_path)]) == 0
        assert load_test.run(Stack("dev"), [*told, "--first-token", "0", "--out", str(tmp_path)]) == 1
    assert "Load test: baseline" in (tmp_path / "report.html").read_text()


def test_without_a_stack_a_server_must_be_named() -> None:
    with pytest.raises(ToolError, match="stack never-made: not made yet; `make up` makes it, or name a server"):
        load_test.run(Stack("never-made"), [])
