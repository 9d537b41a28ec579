#!/usr/bin/env bash
# Docker's engine and client as Debian ships them, with what they run, and a shell for images: unpacked, not installed,
# to be laid over the machine's own folders.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debian.sh"

build() {
  unpack_debian "$1" \
    'the Docker engine comes from Debian packages; elsewhere install Docker, containerd, runc and busybox, and name dockerd in GITSYNC_DOCKERD' \
    $CONTAINER_PACKAGES docker.io libdevmapper1.02.1 busybox-static
  link_iptables "$1"
  "$1/usr/bin/docker" --version
}
component docker "${1:-debian}" 1 build
