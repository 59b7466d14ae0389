"""Which flags each pair of model and card gets, and why, as docs/vllm.md has it: run this module to print it."""

from autoglm_serving.errors import SettingsError
from autoglm_serving.flags import serve_settings
from autoglm_serving.settings import ServeSettings
from autoglm_serving.vllm import cards
from autoglm_serving.vllm.flags import GIB, Flag, flags
from autoglm_serving.vllm.shape import Shape

# The defaults of transformers 5.23's Glm4vConfig are this model's: 10,292,777,472 parameters of 2 bytes; 40 layers x 2
# heads x 128 numbers of keys and values. Its Multilingual variant is of the same shape.
AUTOGLM = Shape(
    vision=True,
    packed=None,
    weights_bytes=20_585_554_944,
    parameters=10_292_777_472,
    kv_bytes_per_token=40_960,
    kv_heads=2,
    context=65_536,
)
README = {"max_model_len": "25480", "mm_processor_kwargs": '{"max_pixels": 5000000}', "max_num_seqs": "16"}
"""As Open-AutoGLM's README sets them; the number of requests is ours."""

BY_CARD = ("dtype", "quantization", "max-num-batched-tokens")
SHARED_MEMORY = 3 * GIB


def settings(**changes: str) -> ServeSettings:
    return serve_settings({"model": "/models/AutoGLM-Phone-9B"} | README | changes, {})


def on_one(card: cards.Card) -> list[Flag]:
    """With one of the card. Raises SettingsError when it can't be."""
    return flags(settings(), AUTOGLM, card, shm_bytes=SHARED_MEMORY)


def common() -> str:
    """Flags that every card gets, with their reasons, as a Markdown table."""
    found = [flag for flag in on_one(cards.find("H100")) if flag.name not in BY_CARD]
    rows = [f"| `{' '.join(flag.words)}` | {flag.reason} |" for flag in found]
    return "\n".join(["| Flag | Why |", "|---|---|", *rows])


def by_card() -> str:
    """Those that differ by card."""
    rows = []
    for name in cards.names():
        try:
            found = {flag.name: flag for flag in on_one(cards.find(name))}
        except SettingsError as error:
            rows.append(f"| {name} |{' |' * len(BY_CARD)} {str(error).partition(': ')[2]} |")
            continue
        values = [f"`{found[flag].value}`" if flag in found else "" for flag in BY_CARD]
        reasons = [found[flag].reason for flag in ("dtype", "quantization") if flag in found]
        rows.append(f"| {name} | {' | '.join(values)} | {'; '.join(reasons)} |")
    return "\n".join([f"| Card | {' | '.join(BY_CARD)} | Why |", "|" + "---|" * (len(BY_CARD) + 2), *rows])


if __name__ == "__main__":
    print(common(), by_card(), sep="\n\n")
