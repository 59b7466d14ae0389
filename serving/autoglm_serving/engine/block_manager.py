"""Who holds which blocks of the cache, and which blocks can be used again. Imports no torch.

A block is held by one sequence or more (its count), or by none. One that nobody holds keeps its content under its name
until its place is needed: the least recently used goes first. Only full blocks that a step has computed have a name.
"""

from collections import OrderedDict

from autoglm_serving.engine.prefix import block_name
from autoglm_serving.engine.sequence import Sequence


class BlockManager:
    def __init__(self, num_blocks: int, block_size: int, *, prefix_caching: bool = True) -> None:
        if num_blocks < 1 or block_size < 1:
            raise ValueError(f"a cache of {num_blocks} blocks of {block_size} tokens holds nothing")
        self.num_blocks = num_blocks
        self.block_size = block_size
        self.prefix_queries = 0
        self.prefix_hits = 0
        self._caching = prefix_caching
        self._counts = [0] * num_blocks
        self._free: OrderedDict[int, None] = OrderedDict((block, None) for block in range(num_blocks))
        self._names: dict[int, bytes] = {}
        self._by_name: dict[bytes, int] = {}

    @property
    def capacity_tokens(self) -> int:
        return self.num_blocks * self.block_size

    @property
    def held(self) -> int:
        """Blocks that sequences hold."""
        return self.num_blocks - len(self._free)

    @property
    def free(self) -> int:
        """Blocks that can be given out, whether or not something may still be found in them."""
        return len(self._free)

    def admit(self, sequence: Sequence, *, spare: int = 0) -> bool:
        """Give a sequence that holds nothing blocks for all its tokens, found ones first; `computed` counts these.

        False, with nothing changed, when they would leave fewer than `spare` blocks free.
        """
        found = self._find(sequence, 0)
        new = self.blocks_for(len(sequence.token_ids)) - len(found)
        reclaimed = sum(self._counts[block] == 0 for block in found)
        if new + reclaimed + spare > self.free:
            return False
        for block in found:
            self._hold(block)
        sequence.blocks = found + [self._take() for _ in range(new)]
        sequence.computed = len(found) * self.block_size
        self.prefix_queries += len(sequence.token_ids)
        self.prefix_hits += sequence.computed
        return True

    def skip(self, sequence: Sequence) -> int:
        """Use what others computed since the sequence was admitted. Returns the tokens that it need not compute."""
        if sequence.computed % self.block_size:
            return 0
        first = sequence.computed // self.block_size
        found = self._find(sequence, first)
        for place, block in enumerate(found, start=first):
            self._hold(block)
            self._drop(sequence.blocks[place])
            sequence.blocks[place] = block
        tokens = len(found) * self.block_size
        sequence.computed += tokens
        self.prefix_hits += tokens
        return tokens

    def next_name(self, sequence: Sequence) -> bytes | None:
        """Name of the block that the sequence computes next, if it could use another's."""
        return next(iter(self.names(sequence, 1)), None)

    def names(self, sequence: Sequence, count: int) -> list[bytes]:
        """Names of the blocks that its next `count` tokens are part of, as far as it could use another's."""
        if not self._caching:
            return []
        first = sequence.computed // self.block_size
        last = min(self.blocks_for(sequence.computed + count), self._findable(sequence))
        return [block_name(sequence, self.block_size, place) for place in range(first, last)]

    def grow(self, sequence: Sequence) -> bool:
        """See that there is a place for each of the sequence's tokens. False when no block is free."""
        missing = self.blocks_for(len(sequence.token_ids)) - len(sequence.blocks)
        if missing > self.free:
            return False
        sequence.blocks += [self._take() for _ in range(missing)]
        return True

    def publish(self, sequence: Sequence, before: int) -> None:
        """Name the blocks that became full as `computed` rose from `before`: others may use them from now on."""
        first, last = before // self.block_size, sequence.computed // self.block_size
        if not self._caching or first == last:
            return
        for place in range(first, last):
            block, name = sequence.blocks[place], block_name(sequence, self.block_size, place)
            if block not in self._names and name not in self._by_name:
                self._names[block] = name
                self._by_name[name] = block

    def release(self, sequence: Sequence) -> None:
        """Take back all that the sequence holds. The last blocks go first: what many share is at the beginning.

        Its list of blocks stays as it is: a step under way may be reading it, and blocks are given out only after that.
        """
        for block in reversed(sequence.blocks):
            self._drop(block)

    def blocks_for(self, tokens: int) -> int:
        return -(-tokens // self.block_size)

    def _find(self, sequence: Sequence, first: int) -> list[int]:
        """Blocks from place `first` on that are there."""
        if not self._caching:
            return []
        found: list[int] = []
        for place in range(first, self._findable(sequence)):
            block = self._by_name.get(block_name(sequence, self.block_size, place))
            if block is None:
                break
            found.append(block)
        return found

    def _findable(self, sequence: Sequence) -> int:
        """Number of its blocks that may be another's: the last token is computed in any case, for its logits."""
        return (len(sequence.token_ids) - 1) // self.block_size

    def _hold(self, block: int) -> None:
        if self._counts[block] == 0:
            del self._free[block]
        self._counts[block] += 1

    def _drop(self, block: int) -> None:
        self._counts[block] -= 1
        if self._counts[block] == 0:
            self._free[block] = None
            if block not in self._names:
                # Nothing can be found in it: it goes before all that may be of use.
                self._free.move_to_end(block, last=False)

    def _take(self) -> int:
        block, _ = self._free.popitem(last=False)
        name = self._names.pop(block, None)
        if name is not None:
            del self._by_name[name]
        self._counts[block] = 1
        return block
