"""What may go wrong with etcd and its keeper. Limits are those of etcd's own mixin where it has one
(https://github.com/etcd-io/etcd/blob/v3.6.4/contrib/mixin/mixin.libsonnet)."""

from collections.abc import Iterator

from components.platform.monitoring.rules import Alert, Severity
from components.platform.monitoring.watched import Watched

_CERTIFICATE_DAYS = 14


def alerts(watched: Watched) -> Iterator[Alert]:
    yield from _members(watched)
    if watched.keeper:
        yield from _keeper(watched, f'{{job="{watched.keeper}"}}')


def _members(watched: Watched) -> Iterator[Alert]:
    job, quorum = f'{{job="{watched.etcd}"}}', watched.members // 2 + 1
    yield Alert(
        name="EtcdQuorumLost",
        expr=f"(sum(up{job}) or vector(0)) < {quorum}",
        lasts="1m",
        severity=Severity.PAGE,
        summary=f"{{{{ $value }}}} of {watched.members} members of etcd answer, and {quorum} must.",
    )
    yield Alert(
        name="EtcdNoLeader",
        expr=f"etcd_server_has_leader{job} == 0",
        lasts="1m",
        severity=Severity.PAGE,
        summary="{{ $labels.instance }} of etcd knows no leader: it takes no writes.",
    )
    yield Alert(
        name="EtcdLeaderChanges",
        expr=f"max(increase(etcd_server_leader_changes_seen_total{job}[15m])) >= 4",
        severity=Severity.TICKET,
        summary="etcd changed its leader {{ printf `%.0f` $value }} times within 15 minutes: its network or disks are "
        "slow.",
    )
    yield Alert(
        name="EtcdQuotaNear",
        expr=f"etcd_mvcc_db_total_size_in_bytes{job} / etcd_server_quota_backend_bytes{job} > 0.8",
        lasts="10m",
        severity=Severity.TICKET,
        summary="The store of {{ $labels.instance }} is {{ $value | humanizePercentage }} full: full, it takes no "
        "writes.",
    )
    fsync = f"rate(etcd_disk_wal_fsync_duration_seconds_bucket{job}[5m])"
    yield Alert(
        name="EtcdDiskSlow",
        expr=f"histogram_quantile(0.99, sum by (instance, le) ({fsync})) > 0.5",
        lasts="10m",
        severity=Severity.TICKET,
        summary="{{ $labels.instance }} of etcd waits {{ $value | humanizeDuration }} for its disk.",
    )
    if watched.members > 1:
        yield Alert(
            name="EtcdMemberMissing",
            expr=f"sum(up{job}) < {watched.members}",
            lasts="5m",
            severity=Severity.TICKET,
            summary=f"{{{{ $value }}}} of {watched.members} members of etcd answer.",
        )


def _keeper(watched: Watched, job: str) -> Iterator[Alert]:
    yield Alert(
        name="EtcdAlarm",
        expr=f"etcd_keeper_alarms{job} > 0",
        severity=Severity.PAGE,
        summary="{{ $value }} members of etcd have raised an alarm: it takes no writes.",
    )
    yield Alert(
        name="EtcdUpkeepFails",
        expr=f"sum by (duty) (increase(etcd_keeper_failures_total{job}[15m])) > 3",
        severity=Severity.TICKET,
        summary="etcd's keeper fails at its duty `{{ $labels.duty }}`.",
    )
    if watched.snapshot_seconds:
        yield Alert(
            name="EtcdSnapshotOld",
            expr=f"time() - etcd_keeper_last_snapshot_timestamp_seconds{job} > {2 * watched.snapshot_seconds}",
            lasts="5m",
            severity=Severity.TICKET,
            summary="etcd's latest snapshot is {{ $value | humanizeDuration }} old.",
        )
    yield Alert(
        name="EtcdCertificateExpires",
        expr=f"etcd_keeper_certificate_expiry_timestamp_seconds{job} - time() < {_CERTIFICATE_DAYS * 86400}",
        severity=Severity.TICKET,
        summary="The certificate of {{ $labels.member }} ends in {{ $value | humanizeDuration }}.",
    )
