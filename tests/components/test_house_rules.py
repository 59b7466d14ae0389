"""Rules of the architecture that a reader of one file could break without noticing."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.paths import ROOT

COMPONENTS = sorted((ROOT / "components").rglob("*.py"))
PROGRAM = [*COMPONENTS, *sorted((ROOT / "stacks").glob("*.py")), ROOT / "__main__.py"]


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").partition(".")[0])
    return names


def users(pattern: str) -> Iterator[str]:
    for path in PROGRAM:
        if re.search(pattern, path.read_text()):
            yield str(path.relative_to(ROOT))


def test_the_program_never_imports_the_tools_or_torch() -> None:
    for path in PROGRAM:
        assert not imported(path) & {"tools", "torch", "tests", "serving", "autoglm_serving"}, path


def test_the_server_never_imports_pulumi() -> None:
    files = sorted((ROOT / "serving" / "autoglm_serving").rglob("*.py"))
    assert files
    for path in files:
        assert "pulumi" not in imported(path), path


def test_only_the_loader_and_main_read_the_configuration() -> None:
    assert set(users(r"pulumi\.Config\b")) <= {"stacks/loader.py", "__main__.py"}


def test_only_the_region_knows_the_providers() -> None:
    assert set(users(r"(spec|region)\.provider\b\s*(==|\]|in\b)|_BUILDERS")) == {"components/region.py"}


def test_main_is_short() -> None:
    assert len((ROOT / "__main__.py").read_text().splitlines()) <= 40


@pytest.mark.parametrize("path", PROGRAM, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_constructors_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 250
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef):
            assert (node.end_lineno or 0) - node.lineno < 80, node.name


@pytest.mark.integration  # slow without mypy's cache
def test_a_misspelt_nested_key_fails_the_type_check(tmp_path: Path) -> None:
    """Provider inputs are dict literals; mypy holds them to the SDK's types at every depth."""
    program = tmp_path / "program.py"
    program.write_text(
        "from pulumi_kubernetes.core.v1 import ContainerArgsDict\n"
        "container: ContainerArgsDict = {'name': 'x', 'resources': {'limit': {'cpu': '1'}}}\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", str(program)], cwd=tmp_path, text=True, capture_output=True
    )
    assert done.returncode == 1
    assert 'TypedDict item "resources"' in done.stdout
