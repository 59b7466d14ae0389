import io
import re
import shutil
from pathlib import Path

import pytest
import torch
from harness import png
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import Glm4vForConditionalGeneration

from autoglm_serving.engine.base import Prompt, Request, SamplingParams
from autoglm_serving.engine.runner import Glm4vRunner
from autoglm_serving.errors import ModelError
from autoglm_serving.model import loader
from autoglm_serving.model.messages import Message, PromptError, PromptTooLong
from autoglm_serving.model.prompts import PromptBuilder


@pytest.fixture(scope="module")
def model(tiny_model: Path) -> Glm4vForConditionalGeneration:
    return loader.load(tiny_model, dtype="auto", device="cpu")


def builder(folder: Path, model: Glm4vForConditionalGeneration, **changes: object) -> PromptBuilder:
    options = {"content_format": "string", "max_pixels": None, "max_model_len": 4096}
    return PromptBuilder(folder, image_token_id=model.config.image_token_id, **(options | changes))


@pytest.fixture(scope="module")
def prompts(tiny_model: Path, model: Glm4vForConditionalGeneration) -> PromptBuilder:
    return builder(tiny_model, model)


def picture(width: int = 300, height: int = 200, color: str = "blue") -> Image.Image:
    return Image.open(io.BytesIO(png(width, height, color))).convert("RGB")


def chat(*parts: str | Image.Image) -> list[Message]:
    return [Message(role="system", parts=("Operate the phone.",)), Message(role="user", parts=parts)]


CHATS = {
    "text": chat("Tap the red button."),
    "image": chat(picture(), "Tap the red button."),
    "two images": chat(picture(), picture(200, 400, "green"), "Compare them."),
    "long": chat("word " * 1000),
}


def tokens(runner: Glm4vRunner, prompts: list[Prompt], count: int) -> list[list[int]]:
    """Greedy tokens of several prompts whose steps take turns, as in the engine."""
    sampling = SamplingParams(max_tokens=count, temperature=0, ignore_eos=True)
    states = [runner.start(Request(prompt=prompt, sampling=sampling, listener=print)) for prompt in prompts]
    rounds = [[runner.step(state) for state in states] for _ in range(count)]
    return [list(sequence) for sequence in zip(*rounds, strict=True)]


def reference(model: Glm4vForConditionalGeneration, prompt: Prompt, count: int) -> list[int]:
    """What transformers itself generates."""
    ids = torch.tensor([prompt.token_ids])
    inputs: dict[str, torch.Tensor] = {"mm_token_type_ids": (ids == model.config.image_token_id).int()}
    if prompt.images is not None:
        inputs["pixel_values"] = torch.as_tensor(prompt.images.pixel_values)
        inputs["image_grid_thw"] = torch.as_tensor(prompt.images.grid_thw)
    model.model.rope_deltas = None
    output = model.generate(
        input_ids=ids, max_new_tokens=count, min_new_tokens=count, do_sample=False, pad_token_id=0, **inputs
    )
    return output[0, ids.shape[1] :].tolist()


@pytest.mark.parametrize("kind", CHATS)
def test_greedy_tokens_are_those_of_transformers(
    model: Glm4vForConditionalGeneration, prompts: PromptBuilder, kind: str
):
    prompt = prompts.build(CHATS[kind])
    # transformers bans the tokens that end an answer to reach a length; so few tokens meet none.
    expected = reference(model, prompt, 12)
    assert tokens(Glm4vRunner(model, frozenset()), [prompt], 12) == [expected]


def test_sequences_that_take_turns_do_not_change_each_other(
    model: Glm4vForConditionalGeneration, prompts: PromptBuilder
):
    runner = Glm4vRunner(model, frozenset())
    together = [prompts.build(messages) for messages in CHATS.values()]
    assert tokens(runner, together, 10) == [tokens(runner, [prompt], 10)[0] for prompt in together]


def test_the_image_changes_what_the_model_computes(model: Glm4vForConditionalGeneration, prompts: PromptBuilder):
    runner = Glm4vRunner(model, frozenset())
    answers = {
        tuple(tokens(runner, [prompts.build(chat(picture(color=color), "Tap."))], 20)[0]) for color in ("blue", "lime")
    }
    assert len(answers) == 2


def test_a_screenshot_takes_about_a_hundred_tokens(prompts: PromptBuilder, model: Glm4vForConditionalGeneration):
    prompt = prompts.build(chat(picture(1080, 2400), "Tap."))
    assert 100 <= prompt.token_ids.count(model.config.image_token_id) <= 150


@pytest.mark.parametrize("size", [(1, 1), (1, 200), (200, 1), (27, 29), (5000, 5000)])
def test_images_of_any_size_run(prompts: PromptBuilder, model: Glm4vForConditionalGeneration, size: tuple[int, int]):
    prompt = prompts.build(chat(Image.new("RGB", size), "Tap."))
    assert len(tokens(Glm4vRunner(model, frozenset()), [prompt], 2)[0]) == 2


def test_max_pixels_bounds_an_images_tokens(tiny_model: Path, model: Glm4vForConditionalGeneration):
    small = builder(tiny_model, model, max_pixels=28 * 28 * 2 * 20)
    assert small.build(chat(picture(1080, 2400))).token_ids.count(model.config.image_token_id) <= 20


def test_string_format_puts_images_first_and_openai_format_keeps_the_order(
    tiny_model: Path, model: Glm4vForConditionalGeneration
):
    message = [Message(role="user", parts=("before", picture(28, 28), "after"))]
    image = "<|begin_of_image|><|image|><|end_of_image|>"
    for content_format, expected in (
        ("string", f"[gMASK]<sop><|user|>\n{image}\nbefore\nafter<|assistant|>\n"),
        ("openai", f"[gMASK]<sop><|user|>\nbefore{image}after<|assistant|>\n"),
    ):
        built = builder(tiny_model, model, content_format=content_format)
        token_ids = built.build(message).token_ids
        text = built._backend.decode(token_ids, skip_special_tokens=False)
        assert re.sub(r"(<\|image\|>)+", "<|image|>", text) == expected


def test_a_prompt_over_the_context_says_both_numbers(tiny_model: Path, model: Glm4vForConditionalGeneration):
    short = builder(tiny_model, model, max_model_len=20)
    with pytest.raises(PromptTooLong, match=r"maximum context length is 20 tokens, and the prompt has \d+ tokens"):
        short.build(chat("Tap the red button at the bottom of the screen, please."))
    with pytest.raises(PromptTooLong, match="at least"):
        short.build(chat("x" * 1_000_000))


def test_an_image_token_in_the_text_is_refused(prompts: PromptBuilder):
    with pytest.raises(PromptError, match="must not contain"):
        prompts.build(chat("look: <|image|>"))


def test_a_model_without_some_weights_is_refused(tiny_model: Path, tmp_path: Path):
    broken = Path(shutil.copytree(tiny_model, tmp_path / "model"))
    weights = load_file(broken / "model.safetensors")
    del weights["lm_head.weight"]
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"1 weights are wrong \(missing keys\): lm_head\.weight"):
        loader.load(broken, dtype="auto", device="cpu")
    weights["lm_head.weight"] = torch.zeros(7, 7)
    save_file(weights, broken / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="can't be loaded as a GLM-4V"):
        loader.load(broken, dtype="auto", device="cpu")
    (broken / "model.safetensors").write_bytes(b"\xff" * 100)
    with pytest.raises(ModelError, match="can't be loaded as a GLM-4V"):
        loader.load(broken, dtype="auto", device="cpu")


@pytest.mark.parametrize("dtype", ["bfloat16", "float32"])
def test_the_dtype_is_the_one_asked_for(tiny_model: Path, dtype: str):
    model = loader.load(tiny_model, dtype=dtype, device="cpu")
    assert model.dtype == getattr(torch, dtype)
    Glm4vRunner(model, frozenset()).probe()


def test_the_probe_runs(model: Glm4vForConditionalGeneration):
    Glm4vRunner(model, frozenset()).probe()
