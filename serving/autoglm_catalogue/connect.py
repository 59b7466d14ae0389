"""The way to etcd, as pods are told of it: URLs in one text, certificates in one folder."""

from pathlib import Path

from autoglm_etcd.connection import Connection, Credentials


def connect(endpoints: str, tls: Path | None) -> Connection:
    """`endpoints`: client URLs, separated by commas. `tls`: folder of ca.crt, tls.crt and tls.key; None for http://
    URLs. Raises ValueError, or OSError for files that can't be read."""
    urls = [url for url in endpoints.split(",") if url]
    if tls is None:
        return Connection(urls)
    return Connection(urls, Credentials(ca=tls / "ca.crt", certificate=tls / "tls.crt", key=tls / "tls.key"))
