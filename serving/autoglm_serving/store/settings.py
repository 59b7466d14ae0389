"""What `serve` can be told about stored conversations."""

from pydantic import BaseModel, Field, SecretStr, field_validator
from pydantic_core import PydanticCustomError

from autoglm_serving.store.base import MIB, Store, StoreLimits
from autoglm_serving.store.memory import MemoryStore

SCHEMES = ("redis://", "rediss://", "unix://")


class StoreSettings(BaseModel):
    redis_url: SecretStr | None = Field(
        default=None,
        description="Redis that keeps conversations, as redis://[user:password@]host:port/number; rediss:// has TLS."
        " A password belongs in the environment variable, for others see a process's flags (default: in memory)",
    )
    conversation_ttl: float = Field(
        default=86_400.0, ge=1, le=31_622_400, description="seconds that a conversation is kept after its last use"
    )
    max_conversation_bytes: int = Field(
        default=16 * MIB, ge=1024, description="size of one conversation, with its images"
    )
    max_stored_bytes: int = Field(
        default=64 * MIB,
        ge=1024,
        description="size of all that is stored for one API key; beyond it, what was not used for longest goes",
    )

    @field_validator("redis_url")
    @classmethod
    def _known_scheme(cls, url: SecretStr | None) -> SecretStr | None:
        if url is not None and not url.get_secret_value().startswith(SCHEMES):
            raise PydanticCustomError("redis_url", "it must begin with redis://, rediss:// or unix://")
        return url


def build_store(settings: StoreSettings) -> Store:
    """Redis is asked nothing yet: the chat path works without it."""
    limits = StoreLimits(ttl=settings.conversation_ttl, owner_bytes=settings.max_stored_bytes)
    if settings.redis_url is None:
        return MemoryStore(limits)
    from autoglm_serving.store.redis import RedisStore

    return RedisStore(settings.redis_url.get_secret_value(), limits)
