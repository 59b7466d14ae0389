"""What models need of a card's memory."""

import pytest

from components import models
from components.models import ModelFacts

MODEL = ModelFacts(weights_bytes=20_000, kv_bytes_per_token=10, kv_heads=2, source="a test")


def test_autoglm() -> None:
    """40 layers, 2 KV heads, head dim 128, keys and values of 2 bytes: zai-org/AutoGLM-Phone-9B's config.json."""
    found = models.find("autoglm-phone-9b")
    assert found is not None
    assert found.kv_bytes_per_token == 40_960
    assert found.weights_bytes == 20_600_000_000
    assert "AutoGLM-Phone-9B" in found.source
    assert models.find("autoglm-phone-9b-multilingual") == found


def test_an_unknown_model_is_not_guessed() -> None:
    assert models.find("autoglm") is None


@pytest.mark.parametrize(
    ("cards", "needed"),
    [
        (1, 20_000 + 1_000),
        (2, 10_000 + 500),
        (4, 5_000 + 500),  # two KV heads: four cards hold two copies of the cache
    ],
)
def test_each_card_takes_its_share(cards: int, needed: int) -> None:
    assert models.memory_needed(MODEL, 100, cards) == needed


def test_shares_are_rounded_up() -> None:
    assert models.memory_needed(MODEL, 1, 3) == 6_667 + 5


def test_every_known_model_has_a_source() -> None:
    for name in models.names():
        found = models.find(name)
        assert found and found.source.startswith("https://")
