#!/usr/bin/env bash
# etcd 3.4 as Debian 12 ships it: unpacked, not installed. It refuses streaming lists, which is why the tests want it.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debian.sh"

build() {
  local out=$1
  need apt-get 'etcd 3.4 comes from a Debian 12 package; elsewhere name an etcd below 3.4.31 in GITSYNC_ETCD34'
  download_debian etcd-server
  dpkg-deb -x etcd-server_*.deb unpacked
  mv unpacked/usr/bin/etcd "$out/etcd"
}
component etcd34 debian 1 build
