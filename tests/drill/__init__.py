"""The drill: faults on purpose, under steady traffic, each with what was promised beside what was found.

`python -m tests.drill` prints the table (`make drill`); the tests beside it are the same faults, fewer times.
"""

import pulumi as pulumi  # the whole SDK, before a stand-in makes do with parts of it
