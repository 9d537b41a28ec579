#!/usr/bin/env bash
# An OCI registry, as Debian ships it: unpacked, not installed.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debian.sh"

build() {
  local out=$1
  need apt-get 'the registry comes from a Debian package; elsewhere name one in GITSYNC_REGISTRY'
  download_debian docker-registry
  dpkg-deb -x docker-registry_*.deb unpacked
  install unpacked/usr/bin/docker-registry "$out/registry"
  "$out/registry" --version
}
component registry debian 1 build
