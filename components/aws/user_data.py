"""A node's settings in the form that its image takes. Pure.

Amazon Linux 2023 gets one part of a MIME message, to which EKS adds its own, and runs it before the kubelet:
https://docs.aws.amazon.com/eks/latest/userguide/launch-templates.html. Bottlerocket has no shell; the kernel's settings
are TOML: https://bottlerocket.dev/en/os/latest/#/api/settings/kernel/.
"""

import json
from collections.abc import Sequence

from components.platform import tuning
from components.platform.tuning import Row

_BOUNDARY = "==AUTOGLM=="
_SYSCTLS = ("least", "exact")


def mime(settings: Sequence[Row]) -> str:
    return (
        f'MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary="{_BOUNDARY}"\n\n--{_BOUNDARY}\n'
        f'Content-Type: text/x-shellscript; charset="us-ascii"\n\n{tuning.user_data(list(settings))}\n--{_BOUNDARY}--\n'
    )


def toml(settings: Sequence[Row]) -> str:
    """Disks, and limits of containers, stay as Bottlerocket has them."""
    lines = [
        f"{json.dumps(row.target.replace('/', '.'))} = {json.dumps(row.value)}"
        for row in settings
        if row.kind in _SYSCTLS
    ]
    return "\n".join(("[settings.kernel.sysctl]", *lines, ""))
