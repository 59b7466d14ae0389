"""Faults of etcd, its keeper and GPUs."""

from tests.components.monitoring.cases import Case, of, up

ETCD = (
    Case(
        alert="EtcdQuorumLost",
        series=up("etcd", {"0": "1x40", "1": "1x10 0x10 1x20", "2": "1x10 0x10 1x20"}),
        severity="page",
        fires="15m",
        clears="25m",
        summary="1 of 3 members of etcd answer, and 2 must.",
    ),
    Case(
        alert="EtcdNoLeader",
        series={of("etcd_server_has_leader", "etcd"): "1x10 0x10 1x10"},
        severity="page",
        fires="15m",
        clears="25m",
        labels={"job": "t-etcd", "instance": "a:1"},
        summary="a:1 of etcd knows no leader: it takes no writes.",
    ),
    Case(
        alert="EtcdLeaderChanges",
        series={of("etcd_server_leader_changes_seen_total", "etcd"): "1x10 1+1x5 6x30"},
        fires="16m",
        clears="40m",
        summary="etcd changed its leader 5 times within 15 minutes: its network or disks are slow.",
    ),
    Case(
        alert="EtcdQuotaNear",
        series={
            of("etcd_mvcc_db_total_size_in_bytes", "etcd"): "50x5 85x20 50x10",
            of("etcd_server_quota_backend_bytes", "etcd"): "100x40",
        },
        quiet="14m",
        fires="20m",
        clears="30m",
        labels={"job": "t-etcd", "instance": "a:1"},
        summary="The store of a:1 is 85% full: full, it takes no writes.",
    ),
    Case(
        alert="EtcdDiskSlow",
        series={
            of("etcd_disk_wal_fsync_duration_seconds_bucket", "etcd", le="0.5"): "0+60x10 600x20 600+60x40",
            of("etcd_disk_wal_fsync_duration_seconds_bucket", "etcd", le="1"): "0+60x70",
            of("etcd_disk_wal_fsync_duration_seconds_bucket", "etcd", le="+Inf"): "0+60x70",
        },
        fires="28m",
        clears="50m",
        labels={"instance": "a:1"},
        summary="a:1 of etcd waits 995ms for its disk.",
    ),
    Case(
        alert="EtcdMemberMissing",
        series=up("etcd", {"0": "1x40", "1": "1x40", "2": "1x10 0x10 1x20"}),
        fires="18m",
        clears="25m",
        summary="2 of 3 members of etcd answer.",
    ),
    Case(
        alert="EtcdAlarm",
        series={of("etcd_keeper_alarms", "etcd-keeper"): "0x5 3x10 0x10"},
        severity="page",
        fires="10m",
        clears="20m",
        labels={"job": "t-etcd-keeper", "instance": "a:1"},
        summary="3 members of etcd have raised an alarm: it takes no writes.",
    ),
    Case(
        alert="EtcdUpkeepFails",
        series={of("etcd_keeper_failures_total", "etcd-keeper", duty="snapshot"): "0x5 0+2x10 20x30"},
        fires="10m",
        clears="40m",
        labels={"duty": "snapshot"},
        summary="etcd's keeper fails at its duty `snapshot`.",
    ),
    Case(
        alert="EtcdSnapshotOld",
        series={of("etcd_keeper_last_snapshot_timestamp_seconds", "etcd-keeper"): "0x150 9000x30"},
        quiet="2h",
        fires="130m",
        clears="160m",
        labels={"job": "t-etcd-keeper", "instance": "a:1"},
        summary="etcd's latest snapshot is 2h 10m 0s old.",
    ),
    Case(
        alert="EtcdCertificateExpires",
        series={
            of("etcd_keeper_certificate_expiry_timestamp_seconds", "etcd-keeper", member="t-etcd-0"): (
                "9999999x5 1000000x10 9999999x10"
            )
        },
        fires="10m",
        clears="20m",
        labels={"job": "t-etcd-keeper", "instance": "a:1", "member": "t-etcd-0"},
        summary="The certificate of t-etcd-0 ends in 11d 13h 36m 40s.",
    ),
)


def card(name: str) -> str:
    return of(name, "gpus", gpu="3", Hostname="rack-7")


_CARD = {"job": "t-gpus", "instance": "a:1", "gpu": "3", "Hostname": "rack-7"}

GPUS = (
    Case(
        alert="GpuBroken",
        series={card("DCGM_FI_DEV_XID_ERRORS"): "0x5 79x10 0x10"},
        severity="page",
        fires="10m",
        clears="20m",
        labels=_CARD,
        summary="GPU 3 of rack-7 reports Xid 79: its node needs a reset or another card.",
    ),
    Case(
        alert="GpuXid",
        series={card("DCGM_FI_DEV_XID_ERRORS"): "0x5 31x10 79x10"},
        fires="10m",
        clears="20m",
        labels=_CARD,
        summary="GPU 3 of rack-7 reported Xid 31.",
    ),
    Case(
        alert="GpuHot",
        series={card("DCGM_FI_DEV_GPU_TEMP"): "60x5 91x10 60x10"},
        quiet="9m",
        fires="13m",
        clears="20m",
        labels=_CARD,
        summary="GPU 3 of rack-7 is at 91 °C.",
    ),
)
