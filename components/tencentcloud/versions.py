"""Kubernetes versions that TKE makes clusters of. One table.

TKE releases even minor versions only, and wants the patch version that each is based on
(https://www.tencentcloud.com/document/product/457/47894 and /9315, as stored 2025-12).
"""

_PATCHED = {"1.28": "1.28.3", "1.30": "1.30.0", "1.32": "1.32.2", "1.34": "1.34.1"}


def full(minor: str) -> str:
    """1.30.0 of 1.30. Raises ValueError for a version that TKE has not."""
    if minor not in _PATCHED:
        raise ValueError(
            f"cluster.version: {minor} is not a version of TKE, which has even ones only: use {', '.join(_PATCHED)}"
        )
    return _PATCHED[minor]
