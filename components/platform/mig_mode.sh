# Before slices are cut, the cards' mode. Hopper's is in force at once; Ampere's after a reset of the card, which most
# hypervisors refuse, or a reboot, which it outlives:
# https://docs.nvidia.com/datacenter/tesla/mig-user-guide/deployment-considerations.html
off() { nvidia-smi --query-gpu=mig.mode.current --format=csv,noheader | grep -q Disabled; }

if [ "${1:-}" = apply ] && [ -z "${2:-}" ] && off; then
    nvidia-smi -mig 1
    off && nvidia-smi --gpu-reset
    once=${0%/*}/rebooted-for-mig # a mode that never comes must not reboot the node for ever
    if off && [ ! -e "$once" ]; then
        : >"$once"
        systemctl reboot
        exit 0
    fi
fi
