"""Pulumi's lines without those that say nothing: what stays as it is, and where its plugins lie."""

import re

from tools.steps import Show

_NOTHING = re.compile(
    r" ~  \S+ \S+ refresh(ing)? \([\d.]+m?s\) *$"  # looked at, and found as it was
    r"|    \S+:\S+:\S+ \S+ *$"  # left as it is
    r"|.* refreshing \(0s\) warning: using pulumi-"
    r"| +warning: using pulumi-\S+ from \$PATH"  # the step `plugins` has said so
)
_HEADER = re.compile(r"Diagnostics:$|  \S+:\S+:\S+ \(.*\):$")


class Quiet:
    """Passes on the lines that say something; a header only with what comes below it."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._headers: list[str] = []

    def __call__(self, line: str) -> None:
        if _HEADER.match(line):
            self._headers.append(line)
        elif not line.strip() and self._headers:
            self._headers.clear()
        elif not _NOTHING.match(line):
            for header in self._headers:
                self._show(header)
            self._headers.clear()
            self._show(line)
