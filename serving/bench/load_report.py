"""A load test as one HTML page that needs nothing else, and as JSON."""

import dataclasses
import json
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import jinja2
import markupsafe

from bench import venvs
from bench.outcomes import Outcome, Promise, Summary

_HERE = Path(__file__).parent
_PLOTS = ("over-time.svg", "distributions.svg")


def write(
    folder: Path,
    about: Mapping[str, str],
    told: Summary,
    outcomes: Sequence[Outcome],
    promise: Promise,
    broken: Sequence[str],
) -> Path:
    """`report.html` and `outcomes.json` in `folder`; the path of the former. Raises CalledProcessError where the plots
    can't be drawn."""
    folder.mkdir(parents=True, exist_ok=True)
    data = folder / "outcomes.json"
    data.write_text(
        json.dumps(
            {
                "about": dict(about),
                "seconds": told.seconds,
                "promise": dataclasses.asdict(promise),
                "summary": dataclasses.asdict(told),
                "broken": list(broken),
                "outcomes": [dataclasses.asdict(outcome) for outcome in outcomes],
            }
        )
    )
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(_HERE), autoescape=True, trim_blocks=True)
    page = environment.get_template("load_report.html.jinja").render(
        about=about,
        broken=broken,
        percentiles=_percentiles(told),
        figures=_figures(told),
        errors=list(told.errors.items()),
        late=told.late,
        plots=[markupsafe.Markup(plot) for plot in _plots(data) if told.error_share < 1],  # noqa: S704  our own drawing
    )
    path = folder / "report.html"
    path.write_text(page)
    return path


def text(told: Summary) -> str:
    """The figures for a terminal."""
    lines = [f"{'seconds':28}  {'P50':>8}  {'P95':>8}  {'P99':>8}"]
    lines += [f"{label:28}  " + "  ".join(f"{value:8.3f}" for value in values) for label, values in _percentiles(told)]
    return "\n".join([*lines, *(f"{label:28}  {value}" for label, value in _figures(told))])


def _percentiles(told: Summary) -> list[tuple[str, tuple[float, ...]]]:
    return [
        ("first token", told.first_token),
        ("a token after the first", told.per_token),
        ("whole answer", told.latency),
    ]


def _figures(told: Summary) -> list[tuple[str, str]]:
    return [
        ("requests", str(told.requests)),
        ("offered, a second", f"{told.offered:.2f}"),
        ("good, a second", f"{told.goodput:.2f}"),
        ("good", f"{told.good_share:.1%}"),
        ("failed", f"{told.error_share:.1%}"),
        ("tokens a second", f"{told.tokens:.1f}"),
        ("lasted, seconds", f"{told.seconds:.1f}"),
    ]


def _plots(data: Path) -> list[str]:
    """SVG elements, without what stands before one in a file."""
    python = venvs.ensure(venvs.PLOTS)
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([python, _HERE / "load_plot.py", data, folder], check=True)  # noqa: S603  our own
        drawn = [(Path(folder) / name).read_text() for name in _PLOTS]
    return [plot[plot.index("<svg") :] for plot in drawn]
