#!/usr/bin/env bash
# sops from its Go module: what opens the files that we encrypt.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need go 'install Go 1.24 or later'
  printf 'module components/sops\n\ngo 1.24\n\nrequire github.com/getsops/sops/v3 %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/sops" github.com/getsops/sops/v3/cmd/sops
}
component sops "${1:-v3.11.0}" 4 build
