#!/usr/bin/env bash
# etcd 3.4 as Debian ships it: unpacked, not installed. It refuses streaming lists, which is why the tests want it.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1
  cd "$out"
  if ! apt-get download etcd-server; then
    apt-get update
    apt-get download etcd-server
  fi
  dpkg-deb -x etcd-server_*.deb unpacked
  mv unpacked/usr/bin/etcd etcd
  rm -rf unpacked etcd-server_*.deb
}
component etcd34 debian build
