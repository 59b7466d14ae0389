"""What Jobs that `pulumi up` waits for have in common."""

from typing import Final

LOOKS_AGAIN: Final = {"pulumi.com/replaceUnready": "true"}
"""Annotations by which a Job that failed is made anew by the next update."""
