"""From settings to a service: the parts, put together. torch is imported here and not before."""

import os
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

from autoglm_serving import __version__, logs
from autoglm_serving.api.models import Models, NoModels, OneModel, ServedModel
from autoglm_serving.api.service import Limits, Service
from autoglm_serving.cpu import usable_cpus
from autoglm_serving.errors import SettingsError
from autoglm_serving.guides import Grammars
from autoglm_serving.lifecycle.catalogue import Catalogue
from autoglm_serving.lifecycle.chat import ChatLoader, RepositoryModels
from autoglm_serving.lifecycle.directory import DirectoryCatalogue
from autoglm_serving.lifecycle.registry import Options
from autoglm_serving.lifecycle.tally import Tallies
from autoglm_serving.metrics import Metrics
from autoglm_serving.predict.build import build as build_predict
from autoglm_serving.predict.build import catalogue as predict_catalogue
from autoglm_serving.quarantine.guard import GuardedEngine
from autoglm_serving.quarantine.ledger import Ledger
from autoglm_serving.settings import ServeSettings
from autoglm_serving.store.settings import build_store


def load(settings: ServeSettings, ledger: Ledger | None = None) -> Service:
    """The models behind the API: one that is loaded now, or a repository that is watched. Raises ServingError."""
    _prepare_threads(settings)
    predicted = predict_catalogue(settings)
    limits = Limits(
        max_images=settings.limit_mm_per_prompt.image,
        max_image_pixels=settings.max_image_pixels,
        max_body_bytes=settings.max_body_bytes,
        max_bodies=settings.max_num_seqs + settings.max_num_waiting,
        max_conversation_bytes=settings.max_conversation_bytes,
    )
    models = _models(settings, ledger)
    metrics = Metrics(models)
    if isinstance(models, RepositoryModels):
        metrics.registry.register(models.metrics())
    return Service(
        models=models,
        limits=limits,
        metrics=metrics,
        predict=build_predict(settings, predicted, metrics.registry, ledger) if predicted else None,
        identity_header=settings.identity_header,
        store=build_store(settings),
    )


def load_folder(
    settings: ServeSettings, folder: Path, *, name: str, version: str, ledger: Ledger | None = None
) -> ServedModel:
    """One version of a model from its folder, verified; its engine is started, behind the quarantine's `ledger`.

    Raises ServingError.
    """
    from autoglm_serving.model import folder as model_folder

    began = time.monotonic()
    report = model_folder.check(folder)
    logs.info("model verified", folder=str(folder), bytes=report.bytes, seconds=_since(began))
    began = time.monotonic()
    served = _load_verified(settings, folder, name=name, version=version)
    logs.info("model loaded", name=name, version=version, server=__version__, seconds=_since(began))
    return replace(served, engine=GuardedEngine(served.engine, ledger)) if ledger else served


def _models(settings: ServeSettings, ledger: Ledger | None) -> Models:
    if settings.model is None and settings.model_repository is None and settings.model_catalogue is None:
        return NoModels()
    load_version = partial(load_folder, settings, ledger=ledger)
    if settings.model is not None:
        return OneModel(load_version(settings.model, name=settings.served_model_name, version="1"))
    _prepare_torch(settings)
    from autoglm_serving.engine.build import memory_budget, memory_of

    tallies = Tallies()
    loader = ChatLoader(
        load_folder=load_version,
        estimate_folder=partial(memory_of, settings),
        trial_seconds=settings.step_timeout,
        tallies=tallies if settings.model_catalogue else None,
    )
    options = Options(
        budget_bytes=settings.model_memory_budget or memory_budget(settings),
        eager=settings.model_loading == "eager",
        poll_seconds=settings.model_poll_seconds,
        standby_seconds=settings.model_standby_seconds,
    )
    models = RepositoryModels(model_catalogue(settings, tallies), loader, options)
    models.start()
    return models


def model_catalogue(settings: ServeSettings, tallies: Tallies) -> Catalogue:
    """The repository, or the fleet's catalogue. Raises SettingsError."""
    if settings.model_repository is not None:
        return DirectoryCatalogue(settings.model_repository)
    assert settings.model_catalogue is not None  # noqa: S101  the settings say that one of them is given
    from autoglm_catalogue.connect import connect
    from autoglm_serving.lifecycle.fleet import FleetCatalogue

    try:
        connection = connect(settings.model_catalogue, settings.model_catalogue_tls)
        return FleetCatalogue(connection, settings.served_model_name, tallies.traffic)
    except (ValueError, OSError) as error:
        raise SettingsError(f"--model-catalogue: {error}") from None


def _prepare_threads(settings: ServeSettings) -> None:
    """The sizes of the pools that are made when torch is imported, and not before: a server of ONNX needs no torch."""
    os.environ["OMP_NUM_THREADS"] = str(_threads(settings))
    # Threads that spin while they wait for each other take the cores from everything else, and from each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def _prepare_torch(settings: ServeSettings) -> None:
    import torch

    torch.set_num_threads(_threads(settings))


def _threads(settings: ServeSettings) -> int:
    return settings.threads or usable_cpus()


def _load_verified(settings: ServeSettings, folder: Path, *, name: str, version: str) -> ServedModel:
    _prepare_torch(settings)
    from autoglm_serving.engine.build import build
    from autoglm_serving.model.prompts import PromptBuilder

    built = build(settings, folder)
    prompts = PromptBuilder(
        folder,
        image_token_id=built.model.config.image_token_id,
        content_format=settings.chat_template_content_format,
        max_pixels=settings.mm_processor_kwargs.max_pixels,
        max_model_len=built.max_model_len,
    )
    built.engine.start()
    return ServedModel(
        name=name,
        version=version,
        created=int(time.time()),
        engine=built.engine,
        prompts=prompts,
        max_model_len=built.max_model_len,
        grammars=Grammars(
            folder / "tokenizer.json",
            vocab_size=built.model.config.text.vocab_size,
            eos_token_ids=built.model.eos_token_ids,
        ),
    )


def _since(began: float) -> float:
    return round(time.monotonic() - began, 3)
