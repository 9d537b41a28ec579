#!/usr/bin/env bash
# Grafana's own types of its dashboards, schema v1 and v2: `grafana-schema` prints the folder that has them.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need npm 'install Node 24 or later'
  npm pack --silent "@grafana/schema@${version#v}"
  tar -xzf ./*.tgz --strip-components=4 -C "$out" package/dist/types/schema/dashboard
  printf '#!/bin/sh\ncd "$(dirname "$0")/dashboard" && pwd\n' >"$out/grafana-schema"
  chmod +x "$out/grafana-schema"
}
component grafana-schema "${1:-v13.2.3}" 1 build
