"""Whose turn it is: the user who was served least goes first. Imports no torch.

The virtual token counter of Sheng et al., "Fairness in Serving Large Language Models" (OSDI 2024, section 4): a user's
counter grows with what is computed for the user; one who comes back is lifted to the least counter of those who are
there, so nobody saves turns up by staying away. Between two users who always have requests, the counters then differ by
no more than the largest request that fits.
"""

from collections import Counter, OrderedDict

PROMPT_TOKEN = 1.0
ANSWER_TOKEN = 2.0
"""Weights of the paper's evaluation: an answer's tokens cost a step each, a prompt's share one."""

REMEMBERED = 4096
"""Users without a request whose counters are kept; the longest gone is forgotten, which forgives what it used."""


class Fairness:
    def __init__(self) -> None:
        self._served: dict[str, float] = {}
        self._present: Counter[str] = Counter()
        self._gone: OrderedDict[str, float] = OrderedDict()

    def served(self, user: str) -> float:
        return self._served[user]

    def enter(self, user: str) -> None:
        """One more request of the user is waiting."""
        if user not in self._present:
            least = min(self._served.values(), default=0.0)
            self._served[user] = max(self._gone.pop(user, 0.0), least)
        self._present[user] += 1

    def leave(self, user: str) -> None:
        """One request of the user has ended, in whatever way."""
        self._present[user] -= 1
        if self._present[user]:
            return
        del self._present[user]
        self._gone[user] = self._served.pop(user)
        if not self._present:
            self._gone.clear()  # nobody waited for what was used until now
        elif len(self._gone) > REMEMBERED:
            self._gone.popitem(last=False)

    def charge(self, user: str, cost: float) -> None:
        self._served[user] += cost
