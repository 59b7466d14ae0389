"""Exact versions of everything that `tools/` finds, downloads or builds; one table, no second copy.

Kubernetes 1.34 is the last minor release whose kubelet starts on cgroup v1 by default.
"""

PULUMI = "3.259.0"
PULUMI_PYTHON_HOST = "3.60.0"  # later language hosts are a Go module of their own that the module proxy does not serve
PULUMI_KUBERNETES = "4.34.2"
PULUMI_RANDOM = "4.21.4"
PULUMI_TLS = "5.6.2"
KUBERNETES = "1.34.1"
ETCD = "3.6.4"
COREDNS = "1.12.4"
GO = "1.27.3"
RATELIMIT = "20260122"  # the day of the commit 3fb70258, which names its image: there are no releases
METRICS_SERVER = "0.9.0"
ENVOY = "1.40.0"
PROMETHEUS = "3.13.5"  # its Go module counts as v0.313.5
ALERTMANAGER = "0.31.1"  # the last whose Go module holds the web interface, without which it does not build
KEDA = "2.21.0"
PULUMI_AWS = "7.51.1"
PULUMI_ALICLOUD = "4.0.0"
PULUMI_TENCENTCLOUD = "0.2.3"  # its SDK is the Python package tencentcloud-iac-pulumi
