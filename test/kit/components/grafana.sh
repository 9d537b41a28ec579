#!/usr/bin/env bash
# Grafana's server from its Go module: the whole API of 10.0, without pages. No later commit of the module was found to be
# had, so the resources of Grafana 12 (dashboard.grafana.app) are not in it.
. "$(dirname "$0")/lib.sh"

# Grafana's own go.mod has an earlier one, which does not read the sources of today's Go.
WIRE=v0.7.0

build() {
  local out=$1 version=$2 source number
  need go 'install Go 1.26 or later'
  need cc 'install a C compiler (SQLite is built)'
  source=$(module_dir "github.com/grafana/grafana@$version")
  cp -r "$source" source
  chmod -R u+w source
  cd source
  number=$(sed -n 's/^ *"version": "\(.*\)",*$/\1/p' package.json | head -1)
  # What connects the services is generated, and not in the module.
  go run "github.com/google/wire/cmd/wire@$WIRE" gen -tags oss ./pkg/server
  CGO_ENABLED=1 go build -trimpath -tags oss -ldflags "-s -w -X main.version=$number" -o "$out/grafana" ./pkg/cmd/grafana
  mkdir "$out/public"
  cp -r conf "$out/"
  cp -r public/emails public/views public/dashboards "$out/public/"
}
component grafana "${1:-v1.9.2-0.20230609164553-81d85ce8028d}" 5 build
