"""Which of Pulumi's lines reach the user."""

from tools.quiet import Quiet


def shown(text: str) -> str:
    lines: list[str] = []
    quiet = Quiet(lines.append)
    for line in text.splitlines():
        quiet(line)
    return "\n".join(lines)


def test_what_stays_as_it_is_says_nothing() -> None:
    assert shown(" ~  kubernetes:core/v1:Service dev-service refreshing (0s) ") == ""
    assert shown(" ~  kubernetes:core/v1:Service dev-service refresh (0.10s) ") == ""
    assert shown("    kubernetes:core/v1:Service dev-service  ") == ""


def test_what_changes_is_shown() -> None:
    for line in (
        " +  kubernetes:core/v1:Service dev-service created (0.02s) ",
        " ~  kubernetes:core/v1:Service dev-service refresh (0.10s) [diff: ~spec]",
        "    40 unchanged",
    ):
        assert shown(line) == line


def test_a_header_comes_only_with_what_is_below_it() -> None:
    header = "Diagnostics:\n  pulumi:pulumi:Stack (dev):\n"
    warning = "    warning: using pulumi-resource-random from $PATH at /somewhere/pulumi-resource-random"
    assert shown(f"{header}{warning}\n\nResources:") == "Resources:"
    assert shown(f"{header}{warning}\n    error: no\n") == f"{header}    error: no"


def test_a_traceback_is_shown_unless_ctrl_c_made_it() -> None:
    trace = '    Traceback (most recent call last):\n      File "a.py", line 1, in <module>\n        run()\n'
    assert shown(f"{trace}    KeyboardInterrupt\nend") == "end"
    assert shown(f"{trace}    ValueError: no\nend") == f"{trace}    ValueError: no\nend"


def test_what_the_program_says_while_it_runs_is_shown_once_in_the_end() -> None:
    progress = " +  pulumi:pulumi:Stack open-autoglm-dev creating"
    assert shown(f"{progress} (4s) Traceback (most recent call last):\n{progress} (4s) KeyboardInterrupt\nend") == "end"
    assert shown(f"{progress} (0s) ") == f"{progress} (0s) "
