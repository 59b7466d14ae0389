"""What goes wrong with the embedded cluster, said once and in one way."""


class ClusterError(RuntimeError):
    """The message names what was wrong, its value, the reason, and what to do about it."""
