"""One step on the runner, so that a request which breaks it fails alone. Imports no torch."""

from collections.abc import Callable
from collections.abc import Sequence as List
from dataclasses import dataclass

from autoglm_serving import logs
from autoglm_serving.engine.model_runner import ModelRunner, Pending, Sampled
from autoglm_serving.engine.out_of_memory import is_out_of_memory
from autoglm_serving.engine.sequence import Slice

Result = Sampled | Exception | Pending | None


@dataclass(frozen=True)
class Outcome:
    results: list[Result]
    """One a slice; Pending where the device broke before its turn."""
    whole: bool
    """The step went through in one."""
    out_of_memory: bool = False
    """It did not, for want of memory."""
    broken: Exception | None = None
    """The device no longer computes."""


def run_step(runner: ModelRunner, slices: List[Slice], beat: Callable[[], None]) -> Outcome:
    """Run the slices together; if that fails, each alone, which tells the guilty from the others."""
    beat()
    try:
        return Outcome(list(runner.execute(slices)), whole=True)
    except Exception as error:
        out_of_memory = is_out_of_memory(error)
        logs.warning("a step failed; its requests are run again, each alone", error=type(error).__name__)
    results: list[Result] = [Pending()] * len(slices)
    for place, piece in enumerate(slices):
        results[place] = _alone(runner, piece, beat)
        broken = _probe(runner, beat) if isinstance(results[place], Exception) else None
        if broken is not None:
            return Outcome(results, whole=False, out_of_memory=out_of_memory, broken=broken)
    return Outcome(results, whole=False, out_of_memory=out_of_memory)


def _alone(runner: ModelRunner, piece: Slice, beat: Callable[[], None]) -> Result:
    beat()
    try:
        return runner.execute([piece])[0]
    except Exception as error:
        return error


def _probe(runner: ModelRunner, beat: Callable[[], None]) -> Exception | None:
    """A step that can't fail by itself tells a broken request from a broken device."""
    beat()
    try:
        runner.probe()
    except Exception as error:
        return error
    return None
