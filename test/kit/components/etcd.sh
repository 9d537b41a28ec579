#!/usr/bin/env bash
# etcd 3.6 from its Go module.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need go 'install Go 1.24 or later'
  printf 'module components/etcd\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/etcd" go.etcd.io/etcd/server/v3
}
component etcd "${1:-v3.6.4}" 1 build
