"""One JSON object a line on stdout. Prompts, images and answers are never handed to the log."""

import json
import logging
import sys
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

_log = logging.getLogger("autoglm_serving")


class JsonFormatter(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "event": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def configure(level: str) -> None:
    """Send every logger of the process (ours, uvicorn's, transformers') through the JSON formatter."""
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(JsonFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.captureWarnings(True)
    _log.setLevel(level.upper())


def debug(event: str, **fields: Any) -> None:
    _log.debug(event, extra={"fields": fields})


def info(event: str, **fields: Any) -> None:
    _log.info(event, extra={"fields": fields})


def warning(event: str, **fields: Any) -> None:
    _log.warning(event, extra={"fields": fields})


def error(event: str, *, exc_info: BaseException | None = None, **fields: Any) -> None:
    _log.error(event, exc_info=exc_info, extra={"fields": fields})


def add(scope: MutableMapping[str, Any], **fields: Any) -> None:
    """Put fields into the access log's line of the request that an ASGI scope belongs to."""
    scope.setdefault("state", {}).setdefault("log", {}).update(fields)
