"""What goes wrong with the embedded cluster, said once and in one way."""

from tools.process import ToolError


class ClusterError(ToolError):
    """The message names what was wrong, its value, the reason, and what to do about it."""
