"""What the routes work with: the models, the bounds of a request, who counts the open ones."""

from dataclasses import dataclass, field

from autoglm_serving.api.lifecycle import Lifecycle
from autoglm_serving.api.models import Models, NoModels
from autoglm_serving.metrics import Metrics
from autoglm_serving.predict.build import Predict
from autoglm_serving.store.base import Store, StoreLimits
from autoglm_serving.store.memory import MemoryStore
from autoglm_serving.tracing import OFF, Tracer


@dataclass(frozen=True, kw_only=True)
class Limits:
    max_images: int
    max_image_pixels: int
    max_body_bytes: int
    max_bodies: int = 64
    """Requests that are read and prepared at the same time."""
    max_bodies_bytes: int = 256 * 1024 * 1024
    """What their bodies may take together."""
    max_conversation_bytes: int = 16 * 1024 * 1024
    """Of a conversation's items in the store."""


@dataclass(frozen=True, kw_only=True)
class Service:
    models: Models
    limits: Limits
    metrics: Metrics
    identity_header: str | None = None
    """Header in which a gateway says who asks; it must remove it from what clients send."""
    tracer: Tracer = OFF
    store: Store = field(default_factory=lambda: MemoryStore(StoreLimits()))
    """Where conversations are kept; the chat path never asks it."""
    predict: Predict | None = None
    lifecycle: Lifecycle = field(default_factory=Lifecycle)

    def stop(self) -> None:
        """End every open request, and the models. Any thread."""
        if self.predict:
            self.predict.stop()
        self.models.stop()

    def ready(self) -> bool:
        """Whether there is a model to answer with: a chat model, where the server is to have one."""
        if self.predict and isinstance(self.models, NoModels):
            return self.predict.ready()
        return self.models.ready()

    def alive(self) -> bool:
        """False when nothing but a new process helps."""
        return self.models.alive() and (self.predict is None or self.predict.alive())
