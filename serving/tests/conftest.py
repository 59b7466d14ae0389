import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from harness import TINY_CONTEXT, Server, running_server


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Made once, never changed: a test that damages a model copies it first."""
    from autoglm_serving.model.tiny import make

    folder = tmp_path_factory.mktemp("models") / "autoglm-phone-9b"
    make(folder, seed=0)
    return folder


@pytest.fixture(scope="session")
def server(tiny_model: Path, tmp_path_factory: pytest.TempPathFactory):
    """A real process that serves the tiny model; its end at SIGTERM is checked too."""
    log = tmp_path_factory.mktemp("server") / "log"
    with running_server(tiny_model, log, "--max-model-len", str(TINY_CONTEXT), "--max-num-waiting", "2") as server:
        yield server
        assert isinstance(server, Server)
