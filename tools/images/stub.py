"""Shared libraries without content, for a loader that insists on one it never calls.

A program that is bound lazily (glibc's ld.so, RTLD_LAZY) looks a function up when it first calls it, so a library whose
functions are never called need only be there under its name. Calling one ends the process with "symbol lookup error".
"""

import platform
import struct

MACHINES = {"x86_64": 62, "aarch64": 183}  # e_machine, from the ELF specification's registry

HEADER = 64  # bytes of the ELF header
SEGMENT = 56  # of a program header
SYMBOL = 24
READ_WRITE = 6  # the loader writes addresses into the dynamic section
PAGE = 0x10000  # alignment that suits the page sizes of both machines

LOAD, DYNAMIC, STACK = 1, 2, 0x6474E551  # p_type; without the last the loader makes the stack executable
TAG_NULL, TAG_HASH, TAG_STRINGS, TAG_SYMBOLS, TAG_STRINGS_SIZE, TAG_SYMBOL_SIZE, TAG_SONAME = 0, 4, 5, 6, 10, 11, 14


def shared_library(soname: str, machine: str = platform.machine()) -> bytes:
    """An ELF64 shared object of that name which defines no symbol and needs no library."""
    strings = b"\0" + soname.encode() + b"\0"
    table = struct.pack("<4I", 1, 1, 0, 0)  # of hashes: one empty bucket, and the chain of the null symbol
    at_table = HEADER + 3 * SEGMENT
    at_symbols = at_table + len(table)
    at_dynamic = at_symbols + SYMBOL
    tags = [
        (TAG_SONAME, 1),
        (TAG_HASH, at_table),
        (TAG_SYMBOLS, at_symbols),
        (TAG_SYMBOL_SIZE, SYMBOL),
        (TAG_STRINGS, at_dynamic + 7 * 16),
        (TAG_STRINGS_SIZE, len(strings)),
        (TAG_NULL, 0),
    ]
    dynamic = b"".join(struct.pack("<qQ", *tag) for tag in tags)
    size = at_dynamic + len(dynamic) + len(strings)
    segments = [(LOAD, 0, size, PAGE), (DYNAMIC, at_dynamic, len(dynamic), 8), (STACK, 0, 0, 16)]
    identity = b"\x7fELF" + bytes([2, 1, 1]) + bytes(9)  # 64 bits, little-endian, version 1
    counts = (HEADER, SEGMENT, len(segments), 0, 0, 0)
    header = identity + struct.pack("<HHIQQQI6H", 3, MACHINES[machine], 1, 0, HEADER, 0, 0, *counts)
    return b"".join([header, *map(_segment, segments), table, bytes(SYMBOL), dynamic, strings])


def _segment(segment: tuple[int, int, int, int]) -> bytes:
    kind, offset, size, alignment = segment
    return struct.pack("<IIQQQQQQ", kind, READ_WRITE, offset, offset, offset, size, size, alignment)
