"""`make down` and `make clean`: what `up` made is taken away, and what is kept is said."""

import shutil
from collections.abc import Collection
from pathlib import Path

from tools import cluster, kind, toolset
from tools.cluster.settings import ClusterSettings
from tools.cluster_choice import Kind, forget_stopped, kind_of
from tools.paths import BIN, CLUSTER, LOG, STATE, TOOLS
from tools.process import ToolError
from tools.stack import Stack
from tools.steps import Clock, Show, run_steps
from tools.where import clouds


def down(stack: Stack, *, keep: bool, clock: Clock, show: Show) -> None:
    """Destroys the stack and, unless `keep`, stops its cluster. Does nothing where there is nothing."""
    known = (BIN / "pulumi").exists() and STATE.exists()
    if known:
        run_steps(toolset.pulumi(), memory=4, logs=LOG, clock=clock)
    where = stack.cluster() if known and stack.exists() else None
    on = kind_of(where[0]) if where else Kind.EMBEDDED
    if where:
        _destroy(stack, on, where[0], clock, show)
    if on is Kind.OWN:
        clock.line("cluster: yours, left as it is")
    elif keep:
        clock.line("cluster: kept, as KEEP says")
    else:
        _stop(on, clock)
    clock.line(f"kept: {kept()}; `make clean` removes it")


def _destroy(stack: Stack, on: Kind, kubeconfig: Path, clock: Clock, show: Show) -> None:
    if not stack.resources():
        clock.line(f"stack {stack.name}: is empty")
        return
    gone = _revive(on, kubeconfig, clock)
    if gone:
        stack.ask("stack", "rm", "--force", "--yes", stack.name)
        clock.line(f"stack {stack.name}: removed from the state without a destroy, as its cluster is gone: {gone}")
        return
    if repaired := stack.repair():
        clock.line(f"stack {stack.name}: {repaired}")
    clock.line(f"pulumi destroy: stack {stack.name}")
    stack.foreground("destroy", show=show)


def _revive(on: Kind, kubeconfig: Path, clock: Clock) -> str:
    """Objects are only taken away by a cluster that runs. Why it is gone for good, or nothing if it runs.

    Raises ToolError where it is not known to be gone: the state is all that knows of its objects.
    """
    if on is Kind.OWN:
        if not kubeconfig.exists():
            raise ToolError(
                f"kubeconfig: {kubeconfig} is not there; put it back, or name it with KUBECONFIG in `make up`"
            )
        return ""
    if on is Kind.KIND:
        return "" if kind.running(LOG / "cluster.log") else "kind has no such cluster"
    settings = ClusterSettings.load()
    if not settings.folder.exists():
        return f"{settings.folder} is not there"
    if cluster.status(settings).healthy:
        return ""
    clock.line("cluster: does not run well; it is started to destroy the stack")
    from tools import images
    from tools.up import SYSTEM_IMAGES

    cluster.start(settings, list(images.build(SYSTEM_IMAGES, LOG / "images.log").values()), lambda _line: None)
    return ""


def _stop(on: Kind, clock: Clock) -> None:
    if on is Kind.KIND:
        kind.stop(LOG / "cluster.log")
        clock.line("cluster: deleted")
        return
    settings = ClusterSettings.load()
    if not settings.folder.exists():
        clock.line("cluster: there is none")
        return
    cluster.stop(settings)
    forget_stopped()
    clock.line("cluster: stopped")


def kept() -> str:
    """What lies under `.tools` and is worth a word, with its size."""
    names = {"build": "programs", "images": "images", "cluster": "the cluster's data", "venv": "Python packages"}
    sizes = {label: _size(TOOLS / name) for name, label in names.items() if (TOOLS / name).exists()}
    return ", ".join(f"{label} {size / 1e9:.1f} GB" for label, size in sizes.items()) + f" in {TOOLS}"


def _size(folder: Path) -> int:
    return sum(path.lstat().st_size for path in folder.rglob("*") if not path.is_dir())


def clean(stacks: list[Stack], clock: Clock) -> None:
    """Removes `.tools`, but for what opens the secrets of stacks in the user's own backend.

    Raises ToolError where that would leave something behind that nobody knows of any more.
    """
    for stack in stacks:
        if on := clouds(stack.name):
            if (BIN / "pulumi").exists() and stack.exists() and stack.resources():
                raise ToolError(
                    f"stack {stack.name}: its resources are in {', '.join(on)}; `make down STACK={stack.name}` first"
                )
            continue
        where = stack.cluster()
        if where and kind_of(where[0]) is Kind.OWN and stack.resources():
            raise ToolError(
                f"stack {stack.name}: its resources are in your cluster; `make down STACK={stack.name}` first"
            )
    for folder in CLUSTER.iterdir() if CLUSTER.exists() else ():
        if folder.is_dir():
            cluster.wipe(ClusterSettings.load(folder.name))
            clock.line(f"cluster {folder.name}: removed")
    if (CLUSTER / "kind.kubeconfig").exists():
        _stop(Kind.KIND, clock)
    if left := mounts(TOOLS, Path("/proc/self/mountinfo").read_text()):
        raise ToolError(
            f"mounted below {TOOLS}: {', '.join(left)}; end what uses it and unmount it, then run this again"
        )
    elsewhere = [stack for stack in stacks if not stack.lives_here]
    remove(TOOLS, {file for stack in elsewhere for file in stack.files})
    if elsewhere:
        names = ", ".join(stack.name for stack in elsewhere)
        clock.line(f"kept: the passphrase in {STATE}, which opens the secrets of {names} in your own backend")
    clock.line(f"removed {TOOLS}; Go's and pip's own caches are kept: `go clean -cache -modcache`, `pip cache purge`")


def remove(folder: Path, kept: Collection[Path]) -> None:
    """A folder and all in it but the files `kept`, and the folders that they are in."""
    if not kept:
        shutil.rmtree(folder)
        return
    for entry in folder.iterdir():
        inside = [file for file in kept if entry in file.parents]
        if inside:
            remove(entry, inside)
        elif entry.is_dir() and not entry.is_symlink():
            shutil.rmtree(entry)
        elif entry not in kept:
            entry.unlink()


def mounts(folder: Path, table: str) -> list[str]:
    """Mount points below a folder, from the kernel's table (proc_pid_mountinfo(5): the fifth field)."""
    points = [line.split()[4].replace("\\040", " ") for line in table.splitlines()]
    return [point for point in points if point.startswith(f"{folder}/")]
