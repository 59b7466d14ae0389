"""What keeps etcd: how a member starts, joins or is replaced; snapshots and restores; defragmentation; users."""
