"""The tiny phone model's training: the same computation as transformers', losses that fall, runs that go on."""

import io
import json
import random
from pathlib import Path

import pytest
import torch

from autoglm_serving.model import folder as model_folder
from tinyphone import batches, folder, screens, shape, tasks, train, vocabulary
from tinyphone.train import Options, Stage


def seeded(seed: int) -> random.Random:
    return random.Random(seed)  # noqa: S311  screens, not secrets


def lines(log: io.StringIO) -> list[dict[str, float]]:
    return [json.loads(line) for line in log.getvalue().splitlines()]


def test_the_training_computes_what_transformers_does():
    net = train.start(seed=1)
    net.write_back()
    batch = batches.make(seeded(0), 2, 3, (1, 5))
    token = net.model.config.image_token_id
    before, after = vocabulary.encode(batches.BEFORE_IMAGE), vocabulary.encode(batches.AFTER_IMAGE)
    ids = torch.tensor([[*before, *[token] * shape.CELLS, *after, *batch.tokens[1, 2].tolist()]])
    frames = batch.patches[1].view(shape.CELLS, 3, 1, -1).expand(-1, -1, 2, -1).reshape(shape.CELLS, -1)
    grid = torch.tensor([[1, shape.ROWS, shape.COLUMNS]])
    with torch.no_grad():
        reference = net.model(
            input_ids=ids, pixel_values=frames, image_grid_thw=grid, mm_token_type_ids=(ids == token).int()
        ).logits[0, -batch.tokens.shape[-1] :]
        batch.answer[:] = False
        batch.answer[1, 2] = True
        assert torch.allclose(net(batch).logits, reference, atol=1e-3)


@pytest.mark.timeout(300)
def test_losses_fall_and_the_folder_can_be_served(tmp_path: Path):
    log = io.StringIO()
    stages = (Stage(0, (1, 1), speaks=False), Stage(10, (1, 1), speaks=True))
    net = train.run(Options(steps=25, every=5, curriculum=stages), log)
    first, _, speaks, *_, last = lines(log)
    for name in ("kinds", "colors", "places"):
        assert last[name] < 0.8 * first[name], f"{name}: the tower learns nothing"
    for name in ("words", "numbers"):
        assert last[name] < 0.85 * speaks[name], f"{name}: the language side learns nothing"
    assert last["look"] < 0.95 * speaks["look"], "the language side does not learn to look"
    folder.write(net.model, tmp_path, {"command": "test"})
    model_folder.check(tmp_path)


def test_a_killed_run_goes_on_as_if_it_had_not_been(tmp_path: Path):
    class Killed(io.StringIO):
        def write(self, text: str) -> int:
            if '"step": 4' in text:
                raise KeyboardInterrupt
            return super().write(text)

    options = Options(steps=4, every=2, curriculum=(Stage(0, (1, 1), speaks=False),))
    whole = train.run(options, io.StringIO())
    kept = Options(steps=4, every=2, curriculum=options.curriculum, checkpoint=tmp_path / "checkpoint")
    with pytest.raises(KeyboardInterrupt):
        train.run(kept, Killed())
    again = io.StringIO()
    resumed = train.run(kept, again)
    assert [line["step"] for line in lines(again)] == [4]
    for name, weight in whole.state_dict().items():
        assert torch.equal(weight, resumed.state_dict()[name]), name


@pytest.mark.parametrize("seed", range(5))
def test_every_answer_has_a_token_for_each_piece_and_reads_back(seed: int):
    rng = seeded(seed)
    screen = screens.make(rng, 6, keyboard=seed % 2 == 0)
    for _ in range(40):
        text = "".join(tasks.make(rng, screen).pieces)
        ids = vocabulary.encode(text)
        assert vocabulary.tokenizer().decode(ids) == text
        assert len(ids) <= batches.LENGTH


def test_what_is_looked_for_is_on_the_screen():
    rng = seeded(3)
    for _ in range(200):
        screen = screens.make(rng, rng.randint(1, 8), keyboard=rng.random() < 0.3)
        example = tasks.make(rng, screen)
        if example.target is not None:
            assert example.target in screen.elements
            assert example.target.holds(*example.target.center)
        for item in screen.elements:
            others = [other for other in screen.elements if other is not item]
            assert not any(other.holds(*item.center) for other in others), "elements lie over each other"
