"""GPUs, by NVIDIA's DCGM exporter: fields of its `default-counters.csv`."""

from components.platform.monitoring.dashboards.panels import Dashboard, Panel, Query, Unit

_CARD = "{{Hostname}} {{gpu}}"


def dashboard(job: str) -> Dashboard:
    of = f'{{job="{job}"}}'
    return Dashboard(
        key="gpus",
        title="GPUs",
        panels=(
            _panel("At work", "Share of the time in which a kernel ran.", f"DCGM_FI_DEV_GPU_UTIL{of}", Unit.PERCENT),
            _panel(
                "Memory",
                "Share in use.",
                f"DCGM_FI_DEV_FB_USED{of} / (DCGM_FI_DEV_FB_USED{of} + DCGM_FI_DEV_FB_FREE{of})",
                Unit.SHARE,
            ),
            _panel("Temperature", "Of the chip.", f"DCGM_FI_DEV_GPU_TEMP{of}", Unit.CELSIUS, limit=85),
            _panel("Power", "Drawn now.", f"DCGM_FI_DEV_POWER_USAGE{of}", Unit.WATTS),
            _panel("Last Xid", "The card's last error; 0 is none.", f"DCGM_FI_DEV_XID_ERRORS{of}", Unit.NONE),
            _panel("Clock", "Of the multiprocessors, in MHz: a hot card's falls.", f"DCGM_FI_DEV_SM_CLOCK{of}"),
        ),
    )


def _panel(title: str, text: str, expr: str, unit: Unit = Unit.NONE, limit: float | None = None) -> Panel:
    return Panel(title=title, text=text, unit=unit, limit=limit, queries=(Query(expr=expr, legend=_CARD),))
