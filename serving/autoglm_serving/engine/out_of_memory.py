"""Telling a step that found no memory from one that is broken. Imports no torch, so it knows its errors by name."""

TORCH_NAME = "OutOfMemoryError"
"""torch.OutOfMemoryError: of an accelerator."""

TORCH_CPU_TEXT = "can't allocate memory"
"""torch's allocator for CPUs raises a plain RuntimeError (c10/core/impl/alloc_cpu.cpp)."""


def is_out_of_memory(error: BaseException) -> bool:
    return (
        isinstance(error, MemoryError)
        or any(kind.__name__ == TORCH_NAME for kind in type(error).__mro__)
        or (isinstance(error, RuntimeError) and TORCH_CPU_TEXT in str(error))
    )
