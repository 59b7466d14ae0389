"""What one step computes, laid out for the forward pass: rows of tokens, where each is kept, what each may see."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

GROUP_WASTE = 1.5
"""Answers attend together while the longest context is at most this many times the shortest (and a block)."""


@dataclass(frozen=True)
class Piece:
    """`count` tokens of a sequence from place `start`; `blocks` covers all tokens up to the last of these."""

    start: int
    count: int
    blocks: Sequence[int]


@dataclass(frozen=True)
class Answers:
    """Rows from `first` with one token each, which attend together. `blocks` is [rows, width], padded."""

    first: int
    rows: int
    blocks: Tensor
    lengths: Tensor
    """[rows] Tokens of each sequence."""
    hidden: Tensor | None
    """[rows, 1, 1, width * block_size], added to the scores: 0, or -inf behind the sequence's end; None if unmasked."""


@dataclass(frozen=True)
class Chunk:
    """Rows from `first`, of one sequence, whose tokens see all of its `context` tokens up to themselves."""

    first: int
    rows: int
    context: int
    blocks: Tensor
    hidden: Tensor | None
    """[rows, context], added to the scores; None when the chunk begins its sequence, or if unmasked."""


@dataclass(frozen=True)
class Plan:
    order: list[int]
    """Which piece each run of rows is of: answers come first, the short contexts before the long."""
    slots: Tensor
    """[rows] Place in the cache of each row's keys and values."""
    fresh: Tensor
    """Blocks that are written for the first time."""
    answers: list[Answers]
    chunks: list[Chunk]


def lay_out(
    pieces: Sequence[Piece], block_size: int, dtype: torch.dtype, device: torch.device, *, masks: bool = True
) -> Plan:
    """Without `masks`, whoever attends keeps to the lengths by itself."""
    lengths = [piece.start + piece.count for piece in pieces]
    single = sorted((i for i, piece in enumerate(pieces) if piece.count == 1), key=lengths.__getitem__)
    longer = [i for i, piece in enumerate(pieces) if piece.count > 1]
    order = single + longer
    slots, fresh = _slots([pieces[i] for i in order], block_size)
    answers: list[Answers] = []
    groups = _groups(single, lengths, block_size) if masks else [single] if single else []
    for group in groups:
        first = answers[-1].first + answers[-1].rows if answers else 0
        answers.append(_answers(first, [pieces[i] for i in group], block_size, dtype if masks else None, device))
    chunks, first = [], len(single)
    for i in longer:
        chunks.append(_chunk(first, pieces[i], block_size, dtype if masks else None, device))
        first += pieces[i].count
    return Plan(
        order=order,
        slots=torch.from_numpy(slots).to(device),
        fresh=torch.tensor(fresh, dtype=torch.long, device=device),
        answers=answers,
        chunks=chunks,
    )


def _slots(pieces: Sequence[Piece], block_size: int) -> tuple[np.ndarray[tuple[int], np.dtype[np.int64]], list[int]]:
    parts, fresh = [np.zeros(0, np.int64)], []
    for piece in pieces:
        places = np.arange(piece.start, piece.start + piece.count)
        numbers = np.asarray(piece.blocks, np.int64)
        parts.append(numbers[places // block_size] * block_size + places % block_size)
        begun = range(-(-piece.start // block_size), -(-(piece.start + piece.count) // block_size))
        fresh += [piece.blocks[i] for i in begun]
    return np.concatenate(parts), fresh


def _groups(rows: list[int], lengths: list[int], block_size: int) -> list[list[int]]:
    """Runs of `rows`, which are in the order of their lengths."""
    groups: list[list[int]] = []
    for row in rows:
        if groups and lengths[row] <= GROUP_WASTE * lengths[groups[-1][0]] + block_size:
            groups[-1].append(row)
        else:
            groups.append([row])
    return groups


def _answers(
    first: int, pieces: Sequence[Piece], block_size: int, dtype: torch.dtype | None, device: torch.device
) -> Answers:
    lengths = [piece.start + 1 for piece in pieces]
    width = -(-max(lengths) // block_size)
    numbers = np.zeros((len(pieces), width), np.int64)
    for row, (piece, length) in enumerate(zip(pieces, lengths, strict=True)):
        used = -(-length // block_size)
        numbers[row, :used] = piece.blocks[:used]
        numbers[row, used:] = piece.blocks[0]  # of its own: hidden, but it must hold numbers
    ends, hidden = torch.tensor(lengths), None
    if dtype is not None:
        behind = torch.arange(width * block_size) >= ends[:, None]
        hidden = torch.zeros(behind.shape, dtype=dtype).masked_fill_(behind, float("-inf"))[:, None, None].to(device)
    return Answers(first, len(pieces), torch.from_numpy(numbers).to(device), ends.to(device), hidden)


def _chunk(first: int, piece: Piece, block_size: int, dtype: torch.dtype | None, device: torch.device) -> Chunk:
    context = piece.start + piece.count
    hidden = None
    if piece.start and dtype is not None:
        hidden = torch.full((piece.count, context), float("-inf"), dtype=dtype).triu_(piece.start + 1).to(device)
    used = torch.tensor(list(piece.blocks[: -(-context // block_size)]), dtype=torch.long, device=device)
    return Chunk(first, piece.count, context, used, hidden)
