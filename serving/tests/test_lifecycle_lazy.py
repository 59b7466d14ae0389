"""Two models and memory for one, on a real server: loaded when asked for, the least recently used unloaded."""

from pathlib import Path

from harness import chat
from watching import Watching, settled, watching_server

from autoglm_serving.engine.build import memory_of
from autoglm_serving.settings import ServeSettings


def answered(watching: Watching, name: str) -> bool:
    """Until the model is there, clients are told when to come back."""
    answer = watching.server.post(chat(model=name))
    if answer.status_code == 503:
        assert 1 <= int(answer.headers["Retry-After"]) <= 60
        assert f"model {name} is being loaded" in answer.json()["error"]["message"]
    return answer.status_code == 200


def test_models_are_loaded_when_asked_for_and_make_room_for_each_other(tiny_model: Path, tmp_path: Path):
    need = memory_of(ServeSettings(model=tiny_model, max_model_len=4096), tiny_model)
    root = tmp_path / "repository"
    root.mkdir()
    flags = ("--model-loading", "lazy", "--model-memory-budget", str(need * 3 // 2))
    with watching_server(root, tiny_model, tmp_path / "log", *flags) as watching:
        for name in ("first", "second"):
            watching.add(f"{name}/1")
        settled(lambda: watching.states("second") == {"1": "found"})
        assert watching.ready(), "the request that loads a model must come through"
        for name, other in (("first", "second"), ("second", "first"), ("first", "second")):
            settled(lambda name=name: answered(watching, name))
            assert (watching.states(name), watching.states(other)) == ({"1": "active"}, {"1": "found"})
