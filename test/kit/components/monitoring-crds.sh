#!/usr/bin/env bash
# CustomResourceDefinitions of the Prometheus operator, from its Go module: the program `monitoring-crds` prints them.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2 source
  need go 'install Go 1.24 or later'
  source=$(module_dir "github.com/prometheus-operator/prometheus-operator@$version")
  for kind in podmonitors prometheusrules servicemonitors; do
    install -m 644 "$source/example/prometheus-operator-crd/monitoring.coreos.com_$kind.yaml" "$out/"
  done
  printf '#!/bin/sh\nexec cat "$(dirname "$0")"/*.yaml\n' >"$out/monitoring-crds"
  chmod +x "$out/monitoring-crds"
}
component monitoring-crds "${1:-v0.85.0}" 1 build
