"""Pulumi's lines without those that say nothing: what stays as it is, where its plugins lie, how Ctrl-C felt."""

import re

from tools.steps import Show

_NOTHING = re.compile(
    r" ~  \S+ \S+ refresh(ing)? \([\d.]+m?s\) *$"  # looked at, and found as it was
    r"|    \S+:\S+:\S+ \S+ *$"  # left as it is
    r"| .{1,3} +pulumi:pulumi:Stack \S+ \S+ing \([\d.]+m?s\) \S.*"  # the program's words: below Diagnostics again
    r"|.*\bwarning: using pulumi-\S+ from \$PATH"  # the step `plugins` has said so
)
_HEADER = re.compile(r"Diagnostics:$|  \S+:\S+:\S+ \(.*\):$")
_TRACEBACK = re.compile(r"( *)Traceback \(most recent call last\):$")


class Quiet:
    """Passes on the lines that say something; a header only with what comes below it."""

    def __init__(self, show: Show) -> None:
        self._show = show
        self._headers: list[str] = []
        self._traceback: list[str] = []
        self._indent = ""

    def __call__(self, line: str) -> None:
        if self._traceback:
            self._traceback.append(line)
            if not line.startswith(f"{self._indent} "):
                self._end_traceback(line)
        elif begins := _TRACEBACK.match(line):
            self._traceback, self._indent = [line], begins[1]
        elif _HEADER.match(line):
            self._headers.append(line)
        elif not line.strip() and self._headers:
            self._headers.clear()
        elif not _NOTHING.match(line):
            self._say(line)

    def _end_traceback(self, last: str) -> None:
        """The user who pressed Ctrl-C need not hear where the program was."""
        if last.strip() != "KeyboardInterrupt":
            for line in self._traceback:
                self._say(line)
        self._traceback = []

    def _say(self, line: str) -> None:
        for said in (*self._headers, line):
            self._show(said)
        self._headers.clear()
