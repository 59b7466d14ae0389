"""etcd and its keeper."""

from components.platform.monitoring.dashboards.panels import Dashboard, Panel, Query, Unit
from components.platform.monitoring.figures import quantile
from components.platform.monitoring.watched import Watched

_BY = "instance, le"


def dashboard(watched: Watched) -> Dashboard:
    of = f'{{job="{watched.etcd}"}}'
    panels = (
        Panel(
            title="Members",
            text="Those that answer, and those that know a leader.",
            queries=(
                Query(expr=f"sum(up{of})", legend="answer"),
                Query(expr=f"sum(etcd_server_has_leader{of})", legend="know a leader"),
            ),
        ),
        Panel(
            title="Changes of the leader",
            text="Within 15 minutes.",
            limit=4,
            queries=(Query(expr=f"max(increase(etcd_server_leader_changes_seen_total{of}[15m]))", legend="changes"),),
        ),
        Panel(
            title="Writes a second",
            text="Proposals that were taken, and those that failed.",
            queries=(
                Query(expr=f"max(rate(etcd_server_proposals_committed_total{of}[5m]))", legend="taken"),
                Query(expr=f"sum(rate(etcd_server_proposals_failed_total{of}[5m]))", legend="failed"),
            ),
        ),
        Panel(
            title="Store",
            text="Share of the quota: allocated, and in use; compaction and defragmentation bring both down.",
            unit=Unit.SHARE,
            limit=0.8,
            queries=tuple(
                Query(expr=f"{name}{of} / etcd_server_quota_backend_bytes{of}", legend=f"{{{{instance}}}} {legend}")
                for name, legend in (
                    ("etcd_mvcc_db_total_size_in_bytes", "allocated"),
                    ("etcd_mvcc_db_total_size_in_use_in_bytes", "in use"),
                )
            ),
        ),
        Panel(
            title="Disk",
            text="The 99th percentile of a write to the log.",
            unit=Unit.SECONDS,
            limit=0.5,
            queries=(
                Query(
                    expr=quantile(0.99, "etcd_disk_wal_fsync_duration_seconds", watched.etcd, by=_BY),
                    legend="{{instance}}",
                ),
            ),
        ),
        Panel(
            title="Watchers",
            text="Programs that are told of changes.",
            queries=(Query(expr=f"etcd_debugging_mvcc_watcher_total{of}", legend="{{instance}}"),),
        ),
    )
    return Dashboard(key="etcd", title="etcd", panels=(*panels, *_of_several(watched), *_of_keeper(watched)))


def _of_several(watched: Watched) -> tuple[Panel, ...]:
    if watched.members == 1:
        return ()
    peers = quantile(0.99, "etcd_network_peer_round_trip_time_seconds", watched.etcd, by=_BY)
    return (
        Panel(
            title="Round trips between members",
            text="The 99th percentile.",
            unit=Unit.SECONDS,
            queries=(Query(expr=peers, legend="{{instance}}"),),
        ),
    )


def _of_keeper(watched: Watched) -> tuple[Panel, ...]:
    if watched.keeper is None:
        return ()
    of = f'{{job="{watched.keeper}"}}'
    return (
        Panel(
            title="Upkeep",
            text="Duties of the keeper that failed, and alarms that members have raised.",
            queries=(
                Query(expr=f"sum(increase(etcd_keeper_failures_total{of}[15m])) or vector(0)", legend="failed"),
                Query(expr=f"sum(etcd_keeper_alarms{of})", legend="alarms"),
            ),
        ),
        Panel(
            title="Age of the last snapshot",
            text="What would be lost with all members.",
            unit=Unit.SECONDS,
            limit=2.0 * watched.snapshot_seconds if watched.snapshot_seconds else None,
            queries=(Query(expr=f"time() - etcd_keeper_last_snapshot_timestamp_seconds{of}", legend="snapshot"),),
        ),
    )
