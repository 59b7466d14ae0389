"""From settings to a service: the parts, put together. torch is imported here and not before."""

import os
import time

from autoglm_serving import logs
from autoglm_serving.api.models import OneModel, ServedModel
from autoglm_serving.api.service import Limits, Service
from autoglm_serving.cpu import usable_cpus
from autoglm_serving.engine.worker import Worker
from autoglm_serving.errors import SettingsError
from autoglm_serving.metrics import Metrics
from autoglm_serving.settings import ServeSettings


def load(settings: ServeSettings) -> Service:
    """The model of a verified folder behind the API, its engine started. Raises ServingError."""
    threads = settings.threads or usable_cpus()
    # torch's thread pools are sized when it is imported.
    os.environ["OMP_NUM_THREADS"] = str(threads)
    # Threads that spin while they wait for each other take the cores from everything else, and from each other.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    import torch

    from autoglm_serving.engine.runner import Glm4vRunner
    from autoglm_serving.model import loader
    from autoglm_serving.model.prompts import PromptBuilder

    torch.set_num_threads(threads)
    model = loader.load(settings.model, dtype=settings.dtype, device=settings.device)
    max_model_len = context(settings.max_model_len, model.config.get_text_config().max_position_embeddings)
    prompts = PromptBuilder(
        settings.model,
        image_token_id=model.config.image_token_id,
        content_format=settings.chat_template_content_format,
        max_pixels=settings.mm_processor_kwargs.max_pixels,
        max_model_len=max_model_len,
    )
    engine = Worker(
        Glm4vRunner(model, loader.eos_token_ids(settings.model)),
        max_running=settings.max_num_seqs,
        max_waiting=settings.max_num_waiting,
        capacity_tokens=settings.max_num_seqs * max_model_len,
        step_timeout=settings.step_timeout,
    )
    limits = Limits(
        max_images=settings.limit_mm_per_prompt.image,
        max_image_pixels=settings.max_image_pixels,
        max_body_bytes=settings.max_body_bytes,
    )
    served = ServedModel(
        name=settings.served_model_name,
        version="1",
        created=int(time.time()),
        engine=engine,
        prompts=prompts,
        max_model_len=max_model_len,
    )
    logs.info("engine", device=str(model.device), dtype=str(model.dtype), threads=threads, max_model_len=max_model_len)
    engine.start()
    models = OneModel(served)
    return Service(models=models, limits=limits, metrics=Metrics(models))


def context(asked: int | None, possible: int) -> int:
    """Tokens of prompt and answer. Raises SettingsError for more than is possible."""
    if asked is not None and asked > possible:
        raise SettingsError(f"--max-model-len: {asked} is more than the {possible} tokens the model was made for")
    return asked or possible
