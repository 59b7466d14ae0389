"""When the members' certificates end: asked of each member, since what it shows counts, not what lies in a Secret."""

import socket
import ssl
from urllib.parse import urlsplit

from autoglm_etcd.connection import TIMEOUT, Credentials


def expiry(endpoint: str, credentials: Credentials) -> float | None:
    """Of the member behind a client URL, in seconds since 1970; None where it does not answer, which others tell.

    Raises ssl.SSLError where it does not prove who it is, as with a certificate that has ended.
    """
    parts = urlsplit(endpoint)
    context = ssl.create_default_context(cafile=str(credentials.ca))
    context.load_cert_chain(credentials.certificate, credentials.key)
    host, port = parts.hostname or "", parts.port or 0
    try:
        with (
            socket.create_connection((host, port), timeout=TIMEOUT) as plain,
            context.wrap_socket(plain, server_hostname=host) as secured,
        ):
            shown = secured.getpeercert() or {}
            return ssl.cert_time_to_seconds(str(shown["notAfter"]))
    except ssl.SSLError:
        raise
    except OSError:
        return None
