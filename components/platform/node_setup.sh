# Sets a node up, or checks that it is: `node_setup.sh apply|check|install [ROOT]`. components/platform/tuning.py puts
# `settings` before it: rows of `kind target value`. ROOT: where the host's /proc and /sys are, if not at /.
#
#   least   a file of /proc/sys that holds this number or a larger one      exact   ... that holds these words
#   choice  a file of /sys whose choice is in brackets                      blocks  a file of each disk's queue
#   limit   what containers may open (nofile) or lock in memory (memlock)   driver  the oldest NVIDIA driver
#   mig     slices of a profile, and how many of them each card has
set -u
mode=${1:-check} root=${2:-}
wrong=0

report() {
    echo "not in force: $1 is $2, not $3"
    wrong=1
}

words() { tr -s ' \t' ' ' 2>/dev/null <"$1" | sed 's/ *$//'; }

put() { # file, value: only where it can be written, since `check` tells the rest
    [ "$mode" = apply ] && [ -w "$1" ] && echo "$2" >"$1" 2>/dev/null
}

least() {
    file=$root/proc/sys/$1
    now=$(words "$file")
    [ "${now:-0}" -ge "$2" ] 2>/dev/null && return
    put "$file" "$2"
    now=$(words "$file")
    [ "${now:-0}" -ge "$2" ] 2>/dev/null || report "$1" "${now:-missing}" "$2 or more"
}

exact() {
    file=$root/proc/sys/$1
    [ "$(words "$file")" = "$2" ] && return
    put "$file" "$2"
    now=$(words "$file")
    [ "$now" = "$2" ] || report "$1" "${now:-missing}" "$2"
}

choice() {
    file=$root/sys/$1
    case $(words "$file") in *"[$2]"*) return ;; esac
    put "$file" "$2"
    case $(words "$file") in *"[$2]"*) ;; *) report "$1" "$(words "$file")" "$2" ;; esac
}

blocks() { # real disks, which have a device, and no spinning ones
    for disk in "$root"/sys/block/*; do
        [ -e "$disk/device" ] && [ "$(words "$disk/queue/rotational")" = 0 ] || continue
        name=block/${disk##*/}/queue/$1
        if [ "$1" = scheduler ]; then
            choice "$name" "$2"
        elif [ "$(words "$root/sys/$name")" != "$2" ]; then
            put "$root/sys/$name" "$2"
            [ "$(words "$root/sys/$name")" = "$2" ] || report "$name" "$(words "$root/sys/$name")" "$2"
        fi
    done
}

limit() { # containerd's own limits are those of its containers; a check runs in one
    if [ "$mode" = apply ]; then
        folder=$root/etc/systemd/system/containerd.service.d
        line=Limit$(echo "$1" | tr '[:lower:]' '[:upper:]')=$(echo "$2" | sed 's/unlimited/infinity/')
        [ -d "$root/etc/systemd/system" ] && [ -w "$root/etc/systemd/system" ] || return
        grep -qsx "$line" "$folder/50-autoglm-$1.conf" && return
        mkdir -p "$folder" && printf '[Service]\n%s\n' "$line" >"$folder/50-autoglm-$1.conf"
        changed=1
        return
    fi
    case $1 in nofile) now=$(ulimit -n) ;; memlock) now=$(ulimit -l 2>/dev/null || grep -i 'locked memory' /proc/self/limits | tr -s ' ' | cut -d' ' -f4) ;; esac
    [ "$now" = unlimited ] || [ "$now" = "$2" ] || { [ "$2" != unlimited ] && [ "$now" -ge "$2" ]; } ||
        report "limit $1" "$now" "$2"
}

driver() {
    now=$(words "$root/sys/module/nvidia/version")
    oldest=$(printf '%s\n%s\n' "$1" "${now:-0}" | sort -V | head -n 1)
    [ "$oldest" = "$1" ] || report "NVIDIA's driver" "${now:-missing}" "$1 or later"
}

mig() { # every card in as many slices of the profile as it has room for; made anew after each boot
    [ "$mode" = apply ] && [ -z "$root" ] || return
    cards=$(nvidia-smi -L | grep -c '^GPU')
    [ "$(nvidia-smi -L | grep -c " MIG $1 ")" -eq $((cards * $2)) ] && return
    nvidia-smi -mig 1
    nvidia-smi mig -dci >/dev/null 2>&1
    nvidia-smi mig -dgi >/dev/null 2>&1
    nvidia-smi mig -cgi "$(printf "$1,%.0s" $(seq "$2") | sed 's/,$//')" -C
    [ "$(nvidia-smi -L | grep -c " MIG $1 ")" -eq $((cards * $2)) ] || report "MIG slices of $1" "otherwise" "$2 a card"
}

install() { # cloud-init runs once in a machine's life, this after each boot
    cat >/etc/systemd/system/autoglm-node-setup.service <<'UNIT'
[Unit]
Description=Settings of Open-AutoGLM's nodes
Before=kubelet.service
[Service]
Type=oneshot
ExecStart=/bin/sh /etc/autoglm/node_setup.sh apply
SuccessExitStatus=1
[Install]
WantedBy=multi-user.target
UNIT
    systemctl daemon-reload
    systemctl enable --no-block autoglm-node-setup.service
    sh /etc/autoglm/node_setup.sh apply
}

[ "$mode" = install ] && {
    install
    exit 0
}
changed=0
while read -r kind target value; do
    [ -z "$kind" ] || "$kind" "$target" "$value"
done <<ROWS
$settings
ROWS
if [ "$changed" = 1 ] && [ -z "$root" ]; then
    systemctl daemon-reload
    systemctl try-restart containerd.service
fi
exit "$wrong"
