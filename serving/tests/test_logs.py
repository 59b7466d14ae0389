"""Lines of the log."""

import json
import subprocess
import sys

from harness import environment

from autoglm_serving import logs


def lines(code: str) -> list[dict[str, object]]:
    """What a process that runs `code` with the log set up writes to its stdout."""
    begin = "import logging, warnings; from autoglm_serving import logs; logs.configure('info')\n"
    argv = [sys.executable, "-c", begin + code]
    done = subprocess.run(argv, capture_output=True, text=True, check=True, env=environment(), timeout=60)
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()]


PATH = '/a\n{"event": "forged"}'


def test_each_event_is_one_line_of_json_whatever_is_in_it():
    code = f"logs.info('request', path={PATH!r}, status=200, folder=object); logs.debug('not at this level')"
    (line,) = lines(code)
    assert (line["event"], line["level"], line["status"]) == ("request", "info", 200)
    assert line["path"] == PATH
    assert str(line["time"]).endswith("+00:00")


def test_libraries_and_warnings_are_written_alike():
    late, old = lines(
        "logging.getLogger('some.library').warning('it is %s', 'late')\n"
        "logging.getLogger('some.library').info('chatter')\n"
        "warnings.warn('old')\n"
    )
    assert (late["event"], late["level"]) == ("it is late", "warning")
    assert "UserWarning: old" in str(old["event"])


def test_an_exception_is_part_of_its_line():
    (line,) = lines("logs.error('request failed', exc_info=RuntimeError('broken'), request='r-1')")
    assert line["request"] == "r-1"
    assert str(line["exception"]) == "RuntimeError: broken"


def test_fields_of_a_request_gather_in_its_scope():
    scope: dict[str, object] = {}
    logs.add(scope, status=200)
    logs.add(scope, tokens=3)
    assert scope == {"state": {"log": {"status": 200, "tokens": 3}}}
