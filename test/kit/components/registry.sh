#!/usr/bin/env bash
# An OCI registry, as Debian ships it: unpacked, not installed.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1
  need apt-get 'the registry comes from a Debian package; elsewhere name one in GITSYNC_REGISTRY'
  # A new machine knows no packages yet, and lists that are old name versions that are gone.
  if ! apt-get download docker-registry; then
    apt-get update
    apt-get download docker-registry
  fi
  dpkg-deb -x docker-registry_*.deb unpacked
  install unpacked/usr/bin/docker-registry "$out/registry"
  "$out/registry" --version
}
component registry debian 1 build
