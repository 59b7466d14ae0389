"""What the parts of monitoring take of a cluster, beside Prometheus, whose size the region file says."""

from components.types import Resources, Volume

ALERTMANAGER = Resources(cpu_request="20m", cpu_limit="500m", memory_request="64Mi", memory_limit="256Mi")
SILENCES = Volume(size="1Gi")  # and what was told already
GRAFANA = Resources(cpu_request="50m", cpu_limit="1", memory_request="128Mi", memory_limit="512Mi")
