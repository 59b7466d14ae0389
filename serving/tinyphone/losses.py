"""What the training asks of the model: the answer, and on the way there to know and to look at the right place."""

import torch
from torch.nn import functional

from tinyphone import vocabulary
from tinyphone.batches import Batch
from tinyphone.network import Output, Trainable, number_codes

LOOK, COPY, PREVIOUS = (1, 0), (1, 2), (0, 3)
"""Layer and head that look for the target, copy a word of the task, and know the token before."""
GUIDED = (LOOK, COPY, PREVIOUS)
COARSE = 10
"""The tower's places are judged in steps of 10 thousandths, the answers in steps of one."""
WIDTH = 8.0
"""A number near the right one is nearly right: standard deviation of what is taken for right, in thousandths."""


def vision(net: Trainable, cells: torch.Tensor, batch: Batch) -> dict[str, torch.Tensor]:
    """What covers each cell, and where its centre is."""
    covered = batch.cell_kinds > 0
    codes = net.places(cells[covered]).view(-1, 2, net.codes.shape[1]) @ number_codes(COARSE).T * 8
    wanted = _near(batch.cell_places[covered], torch.arange(0, vocabulary.NUMBERS, COARSE), WIDTH)
    return {
        "kinds": functional.cross_entropy(net.kinds(cells).flatten(0, 1), batch.cell_kinds.flatten()),
        "colors": functional.cross_entropy(net.colors(cells).flatten(0, 1), batch.cell_colors.flatten()),
        "places": -(wanted * (codes.log_softmax(-1) - wanted.clamp_min(1e-9).log())).sum(-1).mean(),
    }


def answers(net: Trainable, output: Output, batch: Batch) -> dict[str, torch.Tensor]:
    target = batch.tokens.roll(-1, -1)[batch.answer]
    log_shares = output.logits.log_softmax(-1)
    number = torch.full((net.words.shape[0],), -1)
    number[net.number_ids] = torch.arange(vocabulary.NUMBERS)
    value = number[target]
    # Copied numbers must be exact; places may be near.
    place = (value >= 0) & (batch.sources[batch.answer] < 0)
    wanted = _near(value[place], torch.arange(vocabulary.NUMBERS), WIDTH)
    near = log_shares[place][:, net.number_ids]
    return {
        "words": functional.nll_loss(log_shares[~place], target[~place]),
        "numbers": -(wanted * (near - wanted.clamp_min(1e-9).log())).sum(-1).mean(),
    }


def attention(net: Trainable, output: Output, batch: Batch) -> dict[str, torch.Tensor]:
    to_prefix, _ = output.guided[LOOK]
    start, cells = len(net.before), batch.target_cells.shape[-1]
    end = start + cells
    # With no target, look at the token after the image.
    absent = ~batch.target_cells.any(-1, keepdim=True)
    wanted = torch.cat([batch.target_cells, absent], -1)[:, :, None]
    looked = to_prefix[..., start : end + 1].masked_fill(~wanted, -torch.inf).logsumexp(-1)
    _, to_own = output.guided[COPY]
    copying = batch.sources >= 0
    copied = to_own[copying].gather(-1, batch.sources[copying][:, None])
    _, to_own = output.guided[PREVIOUS]
    before = to_own.diagonal(-1, -2, -1)
    return {
        "look": -looked[batch.looks].mean(),
        "copy": -copied.mean() if len(copied) else torch.zeros(()),
        "previous": -before.mean(),
    }


def _near(values: torch.Tensor, numbers: torch.Tensor, width: float) -> torch.Tensor:
    """Shares of the numbers around each value. [..., n]"""
    return (-0.5 * ((numbers - values[..., None]) / width) ** 2).softmax(-1)
