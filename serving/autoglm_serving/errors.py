"""What stops the program before it serves; a request's own errors live in `api/errors.py`."""


class ServingError(Exception):
    """A message for the operator: what is wrong, where, and what repairs it."""

    exit_code = 1


class SettingsError(ServingError):
    """A flag or environment variable with a value that can't be used."""

    exit_code = 2


class ModelError(ServingError):
    """A model folder that is missing, damaged, unverified or of another architecture."""
