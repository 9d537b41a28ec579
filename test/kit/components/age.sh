#!/usr/bin/env bash
# age and age-keygen from their Go module: they make the keys for which we encrypt.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need go 'install Go 1.24 or later'
  printf 'module components/age\n\ngo 1.24\n\nrequire filippo.io/age %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -ldflags '-s -w' -o "$out/" filippo.io/age/cmd/age filippo.io/age/cmd/age-keygen
}
component age "${1:-v1.2.1}" 1 build
