#!/usr/bin/env bash
# Helm 4 from its Go module.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need go 'install Go 1.24 or later'
  printf 'module components/helm\n\ngo 1.24\n\nrequire helm.sh/helm/v4 %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -o "$out/helm" \
    -ldflags "-s -w -X helm.sh/helm/v4/internal/version.version=$version" helm.sh/helm/v4/cmd/helm
  "$out/helm" version
}
component helm "${1:-v4.3.1}" 3 build
