"""Reads from the cluster's API server; standard library only, as the node's init uses it too."""

import http.client
import json
import ssl
import urllib.request
from pathlib import Path
from typing import Any


class Api:
    """`credentials` are the paths of a certificate and its key; without them only the health endpoints answer."""

    def __init__(self, server: str, authority: Path, credentials: tuple[Path, Path] | None = None) -> None:
        self._server = server
        context = ssl.create_default_context(cafile=authority)
        if credentials:
            context.load_cert_chain(*credentials)
        # the machine's proxies know nothing of the node
        self._opener = urllib.request.build_opener(
            urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=context)
        )

    def get(self, path: str) -> dict[str, Any] | None:
        """The object, or None where there is none or the server does not answer."""
        try:
            with self._opener.open(self._server + path, timeout=5) as answer:
                body: dict[str, Any] = json.load(answer)
                return body
        except (OSError, http.client.HTTPException, ValueError):
            return None

    def ready(self) -> bool:
        try:
            with self._opener.open(self._server + "/readyz", timeout=1):
                return True
        except (OSError, http.client.HTTPException):
            return False
