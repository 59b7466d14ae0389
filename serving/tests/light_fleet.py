"""The real server over the fleet's catalogue, with engines that compute nothing: a version is a folder of SHA256SUMS
and behaviour.json, {"fails": share of requests that break, "step": seconds a token takes, "refuses": why it can't be
loaded}."""

import json
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from fake_runner import FakeRunner
from light_server import BytePrompts, number_of

from autoglm_serving import cli, loading, server
from autoglm_serving.api.models import ServedModel
from autoglm_serving.api.service import Limits, Service
from autoglm_serving.engine.base import Failure, Request, RequestFailed, Ticket
from autoglm_serving.engine.config import EngineConfig
from autoglm_serving.engine.engine import Engine
from autoglm_serving.errors import ModelError
from autoglm_serving.lifecycle.chat import ChatLoader, RepositoryModels
from autoglm_serving.lifecycle.registry import Options
from autoglm_serving.lifecycle.tally import Tallies
from autoglm_serving.metrics import Metrics
from autoglm_serving.model import manifest
from autoglm_serving.quarantine.ledger import Ledger
from autoglm_serving.settings import ServeSettings
from autoglm_serving.store.settings import build_store

BEHAVIOUR = "behaviour.json"
LENGTH = 25_480


def main() -> int:
    server.load = load  # type: ignore[assignment]
    return cli.main(["serve", *sys.argv[1:]])


def load(settings: ServeSettings, ledger: Ledger | None = None) -> Service:
    tallies = Tallies()
    loader = ChatLoader(
        load_folder=partial(load_folder, settings),
        estimate_folder=lambda folder: 1,
        trial_seconds=60,
        tallies=tallies,
    )
    options = Options(
        budget_bytes=10, poll_seconds=settings.model_poll_seconds, standby_seconds=settings.model_standby_seconds
    )
    models = RepositoryModels(loading.model_catalogue(settings, tallies), loader, options)
    models.start()
    limits = Limits(
        max_images=10, max_image_pixels=settings.max_image_pixels, max_body_bytes=settings.max_body_bytes, max_bodies=64
    )
    metrics = Metrics(models)
    metrics.registry.register(models.metrics())
    return Service(models=models, limits=limits, metrics=metrics, store=build_store(settings))


def load_folder(settings: ServeSettings, folder: Path, *, name: str, version: str) -> ServedModel:
    manifest.verify(folder)
    behaviour = json.loads((folder / BEHAVIOUR).read_bytes())
    if behaviour.get("refuses"):
        raise ModelError(behaviour["refuses"])
    runner = FakeRunner(
        num_blocks=20_000, block_size=16, next_token=number_of, step_seconds=behaviour.get("step", 0.001)
    )
    engine = Engine(runner, EngineConfig(max_num_seqs=settings.max_num_seqs, max_num_waiting=64, step_timeout=60.0))
    engine.start()
    return ServedModel(
        name=name,
        version=version,
        created=int(time.time()),
        engine=Failing(engine, behaviour.get("fails", 0.0)),
        prompts=BytePrompts(LENGTH),
        max_model_len=LENGTH,
    )


class Failing:
    """An Engine that breaks a share of the requests, from the second on: the first is the trial after loading."""

    def __init__(self, engine: Engine, share: float) -> None:
        self._engine, self._share, self._asked = engine, share, 0

    def submit(self, request: Request) -> Ticket:
        self._asked += 1
        if int(self._asked * self._share) > int((self._asked - 1) * self._share) and self._asked > 1:
            request.listener(Failure(error=RequestFailed("this version is broken")))
            return _Ended()
        return self._engine.submit(request)

    def __getattr__(self, name: str) -> object:
        return getattr(self._engine, name)


class _Ended:
    def cancel(self) -> None:
        pass


if __name__ == "__main__":
    sys.exit(main())
