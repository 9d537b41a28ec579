#!/usr/bin/env bash
# etcd 3.6 from its Go module.
. "$(dirname "$0")/lib.sh"
VERSION=${1:-v3.6.4}

build() {
  local out=$1 version=$2 module
  module=$(mktemp -d)
  cd "$module"
  printf 'module components/etcd\n\ngo 1.24\n\nrequire go.etcd.io/etcd/server/v3 %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/etcd" go.etcd.io/etcd/server/v3
  rm -rf "$module"
}
component etcd "$VERSION" build
