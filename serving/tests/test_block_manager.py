"""Blocks are found again by what they hold, and the least recently used go first."""

from typing import Any

import pytest
from fake_runner import request

from autoglm_serving.engine.base import Images
from autoglm_serving.engine.block_manager import BlockManager
from autoglm_serving.engine.sequence import Sequence

SIZE = 4


def sequence(tokens: list[int], *images: tuple[int, int, bytes]) -> Sequence:
    """`images` are first place, tokens and digest."""
    held = Images(
        pixel_values=None,
        grid_thw=None,
        spans=tuple((place, count) for place, count, _ in images),
        digests=tuple(digest for _, _, digest in images),
    )
    return Sequence(request(tokens, lambda output: None, images=held if images else None), 0.0)


def computed(blocks: BlockManager, tokens: list[int], *images: tuple[int, int, bytes]) -> Sequence:
    """A sequence whose tokens have all been computed."""
    one = sequence(tokens, *images)
    assert blocks.admit(one)
    before, one.computed = one.computed, len(tokens)
    blocks.publish(one, before)
    return one


def found(blocks: BlockManager, tokens: list[int], *images: tuple[int, int, bytes]) -> int:
    """Tokens that a new sequence finds."""
    one = sequence(tokens, *images)
    assert blocks.admit(one)
    tokens_found = one.computed
    blocks.release(one)
    return tokens_found


def test_a_prefix_is_found_while_it_is_held_and_after():
    blocks = BlockManager(8, SIZE)
    first = computed(blocks, list(range(10)))
    assert found(blocks, [*range(8), 99]) == 8
    second = sequence([*range(8), 99])
    assert blocks.admit(second)
    assert second.blocks[:2] == first.blocks[:2]
    assert blocks.held == 4
    blocks.release(first)
    blocks.release(second)
    assert blocks.held == 0
    assert found(blocks, [*range(8), 99]) == 8
    assert (blocks.prefix_queries, blocks.prefix_hits) == (10 + 3 * 9, 3 * 8)


def test_the_last_token_is_always_computed():
    blocks = BlockManager(8, SIZE)
    computed(blocks, list(range(8)))
    assert found(blocks, list(range(8))) == 4
    assert found(blocks, list(range(9))) == 8


@pytest.mark.parametrize("place", [0, 3, 4, 7])
def test_one_other_token_ends_the_prefix(place: int):
    blocks = BlockManager(8, SIZE)
    computed(blocks, list(range(9)))
    tokens = list(range(9))
    tokens[place] = 77
    assert found(blocks, tokens) == place // SIZE * SIZE


def test_equal_blocks_after_unequal_ones_are_not_found():
    blocks = BlockManager(8, SIZE)
    computed(blocks, [1, 1, 1, 1, 5, 5, 5, 5, 0])
    assert found(blocks, [2, 2, 2, 2, 5, 5, 5, 5, 0]) == 0


CAT, DOG = b"cat" * 8, b"dog" * 8


@pytest.mark.parametrize(
    ("images", "expected"),
    [
        ([(2, 6, CAT)], 8),
        ([(2, 6, DOG)], 0),
        ([], 0),
        ([(3, 6, CAT)], 0),
        ([(2, 2, CAT), (4, 4, DOG)], 4),
        ([(2, 6, CAT), (8, 1, DOG)], 8),  # begins after the block that is looked for
    ],
)
def test_a_block_with_another_image_is_another_block(images: list[tuple[int, int, bytes]], expected: int):
    blocks = BlockManager(8, SIZE)
    tokens = [7] * 10
    computed(blocks, tokens, (2, 6, CAT))
    if expected == 4:
        computed(blocks, tokens, (2, 2, CAT))
    assert found(blocks, tokens, *images) == expected


def test_nothing_is_found_where_caching_is_off():
    blocks = BlockManager(8, SIZE, prefix_caching=False)
    computed(blocks, list(range(9)))
    assert found(blocks, list(range(9))) == 0


def test_what_was_not_computed_is_not_found():
    blocks = BlockManager(8, SIZE)
    one = sequence(list(range(12)))
    assert blocks.admit(one)
    one.computed = 7
    blocks.publish(one, 0)
    assert found(blocks, list(range(12))) == 4


def test_the_least_recently_used_prefix_makes_room_its_end_first():
    blocks = BlockManager(6, SIZE)
    for start in (100, 200):
        blocks.release(computed(blocks, list(range(start, start + 12))))
    assert found(blocks, [*range(100, 108), 0]) == 8  # used again: the other is older now
    computed(blocks, [1, 2, 3, 4, 5])
    assert found(blocks, [*range(100, 108), 0]) == 8
    assert found(blocks, [*range(200, 208), 0]) == 4


def test_who_does_not_fit_changes_nothing():
    blocks = BlockManager(4, SIZE)
    held = computed(blocks, list(range(8)))
    big = sequence([*range(8), *range(20, 32)])
    assert not blocks.admit(big)
    assert (big.blocks, big.computed, blocks.held) == ([], 0, 2)
    small = sequence([*range(8), 20])
    assert not blocks.admit(small, spare=2)
    assert blocks.admit(small, spare=1)
    blocks.release(held)
    assert blocks.held == 3


def test_a_found_block_that_nobody_holds_takes_a_place_too():
    blocks = BlockManager(3, SIZE)
    blocks.release(computed(blocks, list(range(8))))
    held = computed(blocks, [50, 51])
    assert not blocks.admit(sequence([*range(8), 9, 9, 9, 9, 9]))
    blocks.release(held)
    assert found(blocks, list(range(9))) == 8


def test_a_growing_sequence_takes_blocks_one_by_one():
    blocks = BlockManager(2, SIZE)
    one = computed(blocks, [1, 2, 3])
    for token in (4, 5, 6, 7, 8):
        one.token_ids.append(token)
        assert blocks.grow(one)
    assert len(one.blocks) == 2
    one.token_ids.append(9)
    assert not blocks.grow(one)


def test_what_another_has_computed_meanwhile_is_skipped():
    blocks = BlockManager(8, SIZE)
    first, second = sequence([*range(9), 1]), sequence([*range(9), 2])
    assert blocks.admit(first)
    assert blocks.admit(second)
    assert blocks.held == 6
    first.computed = 9
    blocks.publish(first, 0)
    assert blocks.skip(second) == 8
    assert second.computed == 8
    assert blocks.held == 4
    assert second.blocks[:2] == first.blocks[:2]


@pytest.mark.parametrize("sizes", [(0, 4), (4, 0)])
def test_a_cache_without_room_is_refused(sizes: Any):
    with pytest.raises(ValueError, match="holds nothing"):
        BlockManager(*sizes)
