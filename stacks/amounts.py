"""How much of a machine something gets: requests and limits, a volume."""

from typing import Literal, Self

from pydantic import model_validator

from components import quantities
from components.types import Resources as Size
from stacks.fields import Label, Part, Quantity


class Amount(Part):
    cpu: Quantity
    memory: Quantity


class Resources(Part):
    requests: Amount
    limits: Amount

    @model_validator(mode="after")
    def _requests_within_limits(self) -> Self:
        for kind in ("cpu", "memory"):
            request, limit = getattr(self.requests, kind), getattr(self.limits, kind)
            if quantities.parse(request) > quantities.parse(limit):
                raise ValueError(f"requests.{kind} is more than limits.{kind}: lower the request")
        return self


class Volume(Part):
    size: Quantity
    storage_class: Label | None = None
    access_mode: Literal["ReadWriteOnce", "ReadWriteMany"] = "ReadWriteOnce"


def of(size: Size) -> Resources:
    """What the program asks for by itself, as a file would say it."""
    return Resources(
        requests=Amount(cpu=size.cpu_request, memory=size.memory_request),
        limits=Amount(cpu=size.cpu_limit, memory=size.memory_limit),
    )
