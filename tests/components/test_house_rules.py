"""Rules of the architecture that a reader of one file could break without noticing."""

import ast
import gc
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.paths import ROOT

COMPONENTS = sorted((ROOT / "components").rglob("*.py"))
STACKS = sorted((ROOT / "stacks").rglob("*.py"))
POLICIES = sorted((ROOT / "policies").rglob("*.py"))
PROGRAM = [*COMPONENTS, *STACKS, ROOT / "__main__.py"]
SDKS = {"aws": "pulumi_aws", "alicloud": "pulumi_alicloud", "tencentcloud": "tencentcloud_iac_pulumi"}


def modules(path: Path, *, typing: bool = True) -> set[str]:
    """Dotted names of what a file imports, anywhere in it; unless `typing`, without what only type checkers see."""
    tree = parsed(path)
    unseen: set[ast.AST] = set()
    if not typing:
        blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
        for block in blocks:
            if ast.unparse(block.test) == "TYPE_CHECKING":
                unseen |= {inner for line in block.body for inner in ast.walk(line)}
    names: set[str] = set()
    for node in ast.walk(tree):
        if node in unseen:
            continue
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return names


def parsed(path: Path) -> ast.Module:
    """While Python 3.11 parses, nothing may be collected that runs code, as the futures of refused programs do: the
    parser then fails (cpython issue 106905)."""
    gc.disable()
    try:
        return ast.parse(path.read_text())
    finally:
        gc.enable()


def imported(path: Path, *, typing: bool = True) -> set[str]:
    """The packages that a file imports."""
    return {name.partition(".")[0] for name in modules(path, typing=typing)}


def users(pattern: str) -> Iterator[str]:
    for path in PROGRAM:
        if re.search(pattern, path.read_text()):
            yield str(path.relative_to(ROOT))


def cloud_of(path: Path) -> str | None:
    """The cloud in whose folder of components a file is."""
    parts = path.relative_to(ROOT).parts
    return parts[1] if parts[0] == "components" and parts[1] in SDKS else None


def test_the_rules_below_see_every_folder() -> None:
    folders = {str(path.parent.relative_to(ROOT)) for path in (*PROGRAM, *POLICIES)}
    assert folders >= {f"components/{cloud}" for cloud in (*SDKS, "private", "fleet", "platform", "workloads")}
    assert folders >= {"components", "stacks", "stacks/rules", "policies", "policies/rules", "."}


def test_the_program_never_imports_the_tools_or_torch() -> None:
    for path in (*PROGRAM, *POLICIES):
        assert not imported(path) & {"tools", "torch", "tests", "serving", "autoglm_serving"}, path


def test_components_never_import_stacks_when_they_run() -> None:
    """Another program that imports a component brings no region files."""
    for path in COMPONENTS:
        assert "stacks" not in imported(path, typing=False), path


def test_a_cloud_s_sdk_is_imported_in_its_own_folder_only() -> None:
    for path in (*PROGRAM, *POLICIES):
        own = {SDKS[cloud]} if (cloud := cloud_of(path)) else set()
        assert not (imported(path) & set(SDKS.values())) - own, path


def test_no_cloud_imports_another_s_components() -> None:
    for path in COMPONENTS:
        if cloud := cloud_of(path):
            others = tuple(f"components.{other}" for other in SDKS if other != cloud)
            assert not [name for name in modules(path) if name.startswith(others)], path


LOADS = """
import sys
import components
from components.fleet import Fleet
from stacks.loader import parse
for stack in sys.argv[1:]:
    with open(f"stacks/{stack}.yaml") as file:
        parse(file.read(), source=stack)
import components.private.foundation
print(*sorted(name for name in sys.modules if "." not in name))
"""


def test_no_cloud_s_sdk_is_imported_before_a_stack_is_on_it() -> None:
    """An SDK takes seconds: neither importing the components nor reading any region file is worth them."""
    stacks = ["private-rack", "aws-us-west-2", "alicloud-ap-southeast-1", "tencentcloud-ap-singapore"]
    done = subprocess.run([sys.executable, "-c", LOADS, *stacks], cwd=ROOT, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.split())
    assert "pulumi_kubernetes" in loaded
    assert not loaded & set(SDKS.values())


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


@pytest.mark.parametrize("path", [*PROGRAM, *POLICIES], ids=lambda path: str(path.relative_to(ROOT)))
def test_files_and_constructors_are_short(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 250
    for node in ast.walk(parsed(path)):
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
