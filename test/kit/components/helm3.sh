#!/usr/bin/env bash
# Helm 3 from its Go module: most installations still are of this one.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2 util=helm.sh/helm/v3/pkg/chartutil minor
  need go 'install Go 1.24 or later'
  printf 'module components/helm3\n\ngo 1.24\n\nrequire helm.sh/helm/v3 %s\n' "$version" >go.mod
  # Without these two it takes every cluster for Kubernetes 1.20, and refuses charts that state what they need.
  minor=$(go list -m -f '{{.Version}}' k8s.io/client-go | cut -d. -f2)
  CGO_ENABLED=0 go build -trimpath -o "$out/helm3" \
    -ldflags "-s -w -X helm.sh/helm/v3/internal/version.version=$version -X $util.k8sVersionMajor=1 -X $util.k8sVersionMinor=$minor" \
    helm.sh/helm/v3/cmd/helm
  "$out/helm3" version
}
component helm3 "${1:-v3.22.0}" 2 build
