"""What may go wrong with GPUs, by NVIDIA's DCGM exporter.

Xid errors that only a reset or another card mends: https://docs.nvidia.com/deploy/xid-errors/
"""

from collections.abc import Iterator

from components.platform.monitoring.rules import Alert, Severity

_BROKEN = (48, 62, 64, 74, 79, 95, 119)  # memory, controller, row remapping, NVLink, off the bus, uncontained, GSP
_HOT = 85  # Celsius: cards slow themselves down a few degrees above


def alerts(gpus: str) -> Iterator[Alert]:
    job = f'{{job="{gpus}"}}'
    xid = f"DCGM_FI_DEV_XID_ERRORS{job}"
    yield Alert(
        name="GpuBroken",
        expr=" or ".join(f"{xid} == {number}" for number in _BROKEN),
        severity=Severity.PAGE,
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} reports Xid {{ $value }}: its node needs a reset or "
        "another card.",
    )
    yield Alert(
        name="GpuXid",
        expr=f"{xid} > 0 unless ({' or '.join(f'{xid} == {number}' for number in _BROKEN)})",
        severity=Severity.TICKET,
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} reported Xid {{ $value }}.",
    )
    yield Alert(
        name="GpuHot",
        expr=f"DCGM_FI_DEV_GPU_TEMP{job} > {_HOT}",
        lasts="5m",
        severity=Severity.TICKET,
        summary="GPU {{ $labels.gpu }} of {{ $labels.Hostname }} is at {{ $value }} °C.",
    )
