"""Kernels in C for bf16 on CPUs: what torch has for them in eager mode is several times slower; see docs/engine.md.

Optional: without a compiled library, or on another processor, torch's own operations do the same.
"""
