#!/bin/sh
# First process of namespaces of their own. Gives them a root of its own: the machine's, where everything that is written stays
# in memory and ends with them, but what is bound from a folder.
# From the environment: STATE, a folder for them; USR, a folder to lay over /usr, may be empty; BINDS, lines of
# `source target`; SYSCTLS, lines of `path value`; NETWORK, `own` or `machine`.
set -eu

# Nothing below is seen outside.
mount --make-rprivate /
mount -t tmpfs -o mode=755 node "$STATE/root"
cd "$STATE/root"
mkdir upper work root
mount -t overlay -o lowerdir=/,upperdir=upper,workdir=work overlay root
[ -z "$USR" ] || mount -t overlay -o "lowerdir=$USR:/usr" overlay root/usr
for folder in dev sys; do mount --rbind "/$folder" "root/$folder"; done
mount -t proc proc root/proc
mount -t tmpfs -o mode=755 run root/run
mkdir -p root/run/lock
echo "$BINDS" | while read -r source target; do
  mkdir -p "root$target"
  mount --bind "$source" "root$target"
done
# What the kubelet would set for the whole machine already says so, in files of the node's own.
echo "$SYSCTLS" | while read -r path value; do
  mkdir -p "$(dirname "root/run/sysctl/$path")"
  echo "$value" >"root/run/sysctl/$path"
  mount --bind "root/run/sysctl/$path" "root/proc/sys/$path"
done

cd root
mkdir -p run/machine
pivot_root . run/machine
umount -l /run/machine
# Containers' mounts reach the kubelet, and the other way round.
mount --make-rshared /
if [ "$NETWORK" = own ]; then
  ip link set lo up
  echo 1 >/proc/sys/net/ipv4/ip_forward
fi
echo 'the namespaces are ready'
# Reaps what containers leave behind, for as long as they live.
trap : CHLD
while :; do
  sleep 3600 &
  wait $! || true
done
