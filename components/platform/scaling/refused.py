"""A field whose value can't be."""


class Refused(ValueError):
    """`reason` says why, and what would do."""

    def __init__(self, owner: object, field: str, value: object, reason: str) -> None:
        super().__init__(f"{type(owner).__name__}.{field}: {value!r} is not allowed: {reason}")
        self.field, self.value, self.reason = field, value, reason
