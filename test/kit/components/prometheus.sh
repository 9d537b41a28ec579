#!/usr/bin/env bash
# Prometheus and promtool from the published Go module, without its web pages and without the clouds in which it finds targets.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2 program number
  need go 'install Go 1.26 or later'
  printf 'module components/prometheus\n\ngo 1.26\n\nrequire github.com/prometheus/prometheus %s\n' "$version" >go.mod
  # The module's v0.313.5 is the program's 3.13.5.
  number=$(echo "$version" | sed 's/^v0\.\([0-9]\)/\1./;s/\.0*\([0-9]\)/.\1/')
  for program in prometheus promtool; do
    CGO_ENABLED=0 go build -trimpath -tags remove_all_sd -o "$out/$program" \
      -ldflags "-s -w -X github.com/prometheus/common/version.Version=$number" \
      "github.com/prometheus/prometheus/cmd/$program"
  done
}
component prometheus "${1:-v0.313.5}" 3 build
