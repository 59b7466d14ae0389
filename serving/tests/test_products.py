"""The products in C against torch's own arithmetic in float32, and what they promise beside the right numbers."""

from pathlib import Path

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from autoglm_serving.nn import huge_pages
from autoglm_serving.nn.native import library
from autoglm_serving.nn.native.library import Kernels

BF16 = torch.bfloat16
SHAPES = [(64, 96), (16, 34), (1026, 100), (128, 1)]
"""Inputs and outputs: whole panels, parts of one, several."""
ROWS = (1, 2, 7, 12, 13, 25, 400)


@pytest.fixture(scope="module")
def kernels() -> Kernels:
    loaded = library.load()
    if loaded is None:
        pytest.skip("this machine has no compiler or not the instructions")
    return Kernels(loaded)


def random(rows: int, columns: int, scale: float = 1.0) -> Tensor:
    generator = torch.Generator().manual_seed(rows * columns)
    return (torch.randn(rows, columns, generator=generator) * scale).to(BF16)


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("rows", ROWS)
def test_products_are_rounded_once_their_bias_with_them(kernels: Kernels, shape: tuple[int, int], rows: int):
    inputs, outputs = shape
    x, weight, bias = random(rows, inputs), random(outputs, inputs, inputs**-0.5), random(1, outputs)[0]
    packed = kernels.pack_weight(weight, gated=False)
    exact = x.float() @ weight.float().T
    for added in (None, bias):
        found = kernels.product(x, packed, added, outputs, gated=False)
        expected = exact if added is None else exact + added.float()
        torch.testing.assert_close(found.float(), expected, rtol=0.01, atol=0.002)


@pytest.mark.parametrize("shape", [(64, 96), (16, 34), (1026, 100)])
@pytest.mark.parametrize("rows", ROWS)
def test_a_gate_is_rounded_where_the_reference_rounds(kernels: Kernels, shape: tuple[int, int], rows: int):
    inputs, outputs = shape
    x, weight = random(rows, inputs), random(outputs, inputs, inputs**-0.5)
    found = kernels.product(x, kernels.pack_weight(weight, gated=True), None, outputs, gated=True)
    gate, up = (x.float() @ weight.float().T).to(BF16).chunk(2, dim=-1)
    torch.testing.assert_close(found, F.silu(gate) * up, rtol=0.02, atol=0.002)


def test_large_and_broken_numbers_stay_with_their_row(kernels: Kernels):
    weight = torch.eye(64).to(BF16)
    x = random(20, 64)
    x[3], x[4] = -1e4, float("nan")
    found = kernels.product(x, kernels.pack_weight(torch.cat([weight, weight]), gated=True), None, 128, gated=True)
    assert found[3].eq(0).all()
    assert found[4].isnan().all()
    assert found[[row for row in range(20) if row != 4]].isfinite().all()


def test_a_rows_result_depends_on_nothing_beside_it_nor_on_the_threads(
    kernels: Kernels, monkeypatch: pytest.MonkeyPatch
):
    weight, x = random(160, 512), random(300, 600)[:, :512]
    together = []
    for threads in (1, 3):
        monkeypatch.setattr(library, "_threads", lambda elements, threads=threads: threads)
        packed = kernels.pack_weight(weight, gated=False)
        together.append(kernels.product(x, packed, None, 160, gated=False))
    assert torch.equal(*together)
    for count in (1, 5, 12, 30):
        assert torch.equal(kernels.product(x[:count], packed, None, 160, gated=False), together[0][:count])


def test_oneDNN_keeps_the_products_where_the_processor_has_tiles(tmp_path: Path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(f"flags : {' '.join(library.NEEDED)}\n")
    assert library.products_pay(cpuinfo)
    cpuinfo.write_text(f"flags : {' '.join(library.NEEDED)} amx_bf16 amx_tile\n")
    assert library.supported(cpuinfo)
    assert not library.products_pay(cpuinfo)


@pytest.mark.parametrize("elements", [0, 3, huge_pages.PAGE, huge_pages.PAGE + 5])
def test_memory_in_large_pages_begins_as_zeros_and_can_be_written(elements: int):
    found = huge_pages.empty(elements, torch.int32)
    assert found.shape == (elements,)
    assert not found.any()
    assert int(found.fill_(7).sum()) == 7 * elements
