#!/usr/bin/env bash
# containerd, runc, CNI plugins and iptables as Debian ships them: unpacked, not installed. A node lays the folder over
# the machine's own, where everything is then found as if it were installed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debian.sh"

build() {
  unpack_debian "$1" \
    'containerd comes from Debian packages; elsewhere install containerd, runc, the CNI plugins and iptables, and name containerd in GITSYNC_CONTAINERD' \
    $CONTAINER_PACKAGES containernetworking-plugins
  link_iptables "$1"
  "$1/usr/bin/containerd" --version
}
component containerd "${1:-debian}" 1 build
