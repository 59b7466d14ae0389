"""`model.version` in the region file and `pulumi up`: real pods go to it, or stay with what they had and `up` fails."""

import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import openai
import pytest

from tests.e2e.conftest import changed, engine, kubectl, output
from tools.check import SERVING

pytestmark = pytest.mark.e2e

CANARY = {"steps": [50, 100], "stepSeconds": 10, "observeSeconds": 10}
CLIENTS = 2
SHIPPED = SERVING / "autoglm_serving" / "model" / "tinyphone_files"


def spoil(folder: Path) -> None:
    """A version that was published whole, and that no server can load: its sums are right, its numbers are not."""
    config = folder / "config.json"
    content = json.loads(config.read_text())
    content["text_config"]["hidden_size"] *= 2
    old, new = config.read_bytes(), json.dumps(content).encode()
    config.write_bytes(new)
    sums = folder / "SHA256SUMS"
    sums.write_text(sums.read_text().replace(*(hashlib.sha256(one).hexdigest() for one in (old, new))))


def up(version: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """`pulumi up` of the region with this version, as if its file said so."""
    source = {"type": "folder", "path": str(folder / version)}
    model = {"version": version, "source": source, "volume": {"size": "512Mi"}}  # fits the quota beside the old claim
    file = changed(folder, model=model, serving={"rollout": CANARY})
    return engine("up", "--yes", "--skip-preview", "--suppress-outputs", "--config-file", file)


def pods() -> list[str]:
    return sorted(kubectl("-n", "autoglm", "get", "pods", "-l", "app.kubernetes.io/name=serving", "-o", "name").split())


def versions(client: openai.OpenAI) -> dict[str, str]:
    """Of the server that the gateway asks: version to state."""
    (model,) = client.models.list().data
    return {one["version"]: one["state"] for one in model.model_extra["versions"]}  # type: ignore[index]


@dataclass
class Traffic:
    """What clients saw while it ran: how each answer ended, or what came instead of it."""

    seen: list[str] = field(default_factory=list)
    over: threading.Event = field(default_factory=threading.Event)

    def ask(self, client: openai.OpenAI, model: str) -> None:
        messages = [{"role": "user", "content": "tap the red button"}]
        while not self.over.is_set():
            try:
                answer = client.chat.completions.create(model=model, messages=messages, max_tokens=8)  # type: ignore[call-overload]
                self.seen.append(answer.choices[0].finish_reason)
            except openai.OpenAIError as error:
                self.seen.append(repr(error))
            self.over.wait(0.2)


@pytest.fixture(scope="module")
def client(stack: str) -> Iterator[openai.OpenAI]:
    """Made anew: tests before this one may have made the stack, and so its key, anew."""
    with openai.OpenAI(base_url=stack, api_key=output("apiKey"), timeout=120, max_retries=0) as made:
        yield made


@pytest.fixture(scope="module")
def versioned(client: openai.OpenAI, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The stack with version 1.0.0 of a model that lies on the node, and 2.0.0 and a bad 3.0.0 beside it."""
    folder = tmp_path_factory.mktemp("models")
    folder.chmod(0o755)  # pods have another user
    for version in ("1.0.0", "2.0.0", "3.0.0"):
        shutil.copytree(SHIPPED, folder / version)
    spoil(folder / "3.0.0")
    first = up("1.0.0", folder)
    assert first.returncode == 0, first.stdout
    assert versions(client) == {"1.0.0": "active"}
    return folder


@pytest.fixture
def traffic(versioned: Path, client: openai.OpenAI) -> Iterator[None]:
    """Steady, from the test's first line to its last; no client may see anything of what happens."""
    running, (model,) = Traffic(), client.models.list().data
    with ThreadPoolExecutor(CLIENTS) as threads:
        asked = [threads.submit(running.ask, client, model.id) for _ in range(CLIENTS)]
        yield
        running.over.set()
        for one in asked:
            one.result()
    assert running.seen
    assert set(running.seen) <= {"stop", "length"}, [seen for seen in running.seen if seen not in {"stop", "length"}]


@pytest.mark.usefixtures("traffic")
def test_a_new_version_is_rolled_out_beside_the_old_one(versioned: Path, client: openai.OpenAI) -> None:
    before = pods()
    done = up("2.0.0", versioned)
    assert done.returncode == 0, done.stdout
    assert versions(client)["2.0.0"] == "active"
    assert pods() == before, "a version is no reason to replace a pod"


@pytest.mark.usefixtures("traffic")
def test_a_version_that_never_becomes_ready_fails_the_update_and_changes_nothing(
    versioned: Path, client: openai.OpenAI
) -> None:
    before = pods()
    done = up("3.0.0", versioned)
    assert done.returncode != 0
    assert "version 3.0.0 of autoglm-phone-9b is rolled back" in done.stdout, done.stdout
    assert versions(client)["2.0.0"] == "active"
    assert pods() == before
    again = up("2.0.0", versioned)
    assert again.returncode == 0, again.stdout
