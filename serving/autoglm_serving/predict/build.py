"""From settings to the service: the repository's lifecycle, the loader, the metrics."""

from pathlib import Path

from prometheus_client import CollectorRegistry

from autoglm_serving.lifecycle.directory import DirectoryCatalogue
from autoglm_serving.lifecycle.registry import Options, Registry
from autoglm_serving.predict.metrics import PredictMetrics
from autoglm_serving.predict.model import PredictLoader, PredictModel


def registry(
    repository: Path,
    options: Options,
    *,
    threads: int,
    device: str,
    allow_torchscript: bool,
    step_timeout: float,
    prometheus: CollectorRegistry,
) -> Registry[PredictModel]:
    """Not started. Raises SettingsError for a repository that can't be one."""
    metrics = PredictMetrics(prometheus)
    loader = PredictLoader(
        threads=threads,
        device=device,
        allow_torchscript=allow_torchscript,
        step_timeout=step_timeout,
        on_batch=metrics.batch,
    )
    models = Registry(DirectoryCatalogue(repository), loader, options)
    metrics.watch(models.loaded, models.statuses)
    return models
