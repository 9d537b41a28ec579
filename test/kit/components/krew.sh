#!/usr/bin/env bash
# krew, which installs plugins of kubectl, and its check of manifests, from its Go module.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need go 'install Go 1.24 or later'
  printf 'module components/krew\n\ngo 1.24\n\nrequire sigs.k8s.io/krew %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -o "$out/" \
    -ldflags "-s -w -X sigs.k8s.io/krew/internal/version.gitTag=$version" \
    sigs.k8s.io/krew/cmd/krew sigs.k8s.io/krew/cmd/validate-krew-manifest
  "$out/krew" version
}
component krew "${1:-v0.5.0}" 1 build
