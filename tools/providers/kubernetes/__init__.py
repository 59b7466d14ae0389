"""Stand-in for pulumi-resource-kubernetes: server-side apply against the real API."""

VERSION = "4.34.2"
