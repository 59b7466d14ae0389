"""Each mistake is caught, and by the layer that should; the table of who caught what is printed."""

import os
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import pytest

from stacks.loader import RegionError, parse
from tests.policies.test_pack import preview
from tests.regions.mistakes import MISTAKES, Layer, Mistake
from tools.paths import ROOT

pytestmark = pytest.mark.integration
_MARKS = {  # what each layer's answer has and no other's: the first that is found caught it
    Layer.SDK: "TypeError",
    Layer.PROVIDER: "has a problem",
    Layer.POLICY: "[mandatory]",
}


def answer(mistake: Mistake, folder: Path) -> tuple[Layer | None, str]:
    """Who caught it, and what was said; None when nobody did."""
    if mistake.overlay is None:
        text = preview(folder, mistake.program).text
        return next((layer for layer, mark in _MARKS.items() if mark in text), None), text
    path = ROOT / "stacks" / f"{mistake.stack}.yaml"
    try:
        parse(path.read_text(), source=f"stacks/{path.name}", overlay=mistake.overlay)
    except RegionError as error:
        return Layer.REGION_FILE, str(error)
    return None, ""


@pytest.fixture(scope="module")
def answers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Future[tuple[Layer | None, str]]]]:
    """Side by side, as a failing preview sleeps for most of its time."""
    folder = tmp_path_factory.mktemp("mistakes")
    with ThreadPoolExecutor(2 * len(os.sched_getaffinity(0))) as pool:
        yield {
            mistake.name: pool.submit(answer, mistake, folder / str(number)) for number, mistake in enumerate(MISTAKES)
        }


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_the_mistake_is_caught(mistake: Mistake, answers: dict[str, Future[tuple[Layer | None, str]]]) -> None:
    layer, text = answers[mistake.name].result()
    assert layer == mistake.layer, text
    assert mistake.says in text


def test_the_table(answers: dict[str, Future[tuple[Layer | None, str]]], capsys: pytest.CaptureFixture[str]) -> None:
    rows = [(mistake.name, answers[mistake.name].result()[0]) for mistake in MISTAKES]
    with capsys.disabled():
        print()
        for name, layer in rows:
            print(f"  {name:<50} {layer or 'NOBODY'}")
    assert len(rows) >= 30
    assert all(layer for _, layer in rows)
