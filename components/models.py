"""Models that the regions serve: how much memory of a card they take. One table, and functions over it. Pure."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, kw_only=True)
class ModelFacts:
    """`weights_bytes`: as loaded, in the model's own precision. `kv_bytes_per_token`: of the KV cache, on all cards
    together. `kv_heads`: over how many cards that cache can be split; more cards than heads hold copies."""

    weights_bytes: int
    kv_bytes_per_token: int
    kv_heads: int
    source: str


# The defaults of transformers 5.23's Glm4vConfig are this model's: 10,292,777,472 parameters of 2 bytes (bfloat16);
# 40 layers x 2 (keys, values) x 2 heads x 128 numbers x 2 bytes.
_GLM_4_1V_9B_KV = 40 * 2 * 2 * 128 * 2
_AUTOGLM = ModelFacts(
    weights_bytes=20_600_000_000,
    kv_bytes_per_token=_GLM_4_1V_9B_KV,
    kv_heads=2,
    source="https://huggingface.co/zai-org/AutoGLM-Phone-9B (Glm4vForConditionalGeneration), in transformers",
)
_TABLE = {
    "autoglm-phone-9b": _AUTOGLM,
    "autoglm-phone-9b-multilingual": _AUTOGLM,
}


def find(name: str) -> ModelFacts | None:
    """By the name that clients ask for; None: the region file has to say `model.facts`."""
    return _TABLE.get(name)


def names() -> tuple[str, ...]:
    return tuple(_TABLE)


def memory_needed(model: ModelFacts, max_model_len: int, tensor_parallel: int = 1) -> int:
    """Bytes on each of `tensor_parallel` cards: its share of the weights, and the cache of one longest conversation."""
    weights = -(-model.weights_bytes // tensor_parallel)
    cache = -(-model.kv_bytes_per_token * max_model_len // min(tensor_parallel, model.kv_heads))
    return weights + cache


def packed(model: ModelFacts) -> ModelFacts:
    """With weights that the server packs into 8 bits. Embeddings and head, an eighth of a 9B model, keep 16."""
    return replace(model, weights_bytes=-(-model.weights_bytes * 6 // 10))
