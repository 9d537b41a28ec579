#!/usr/bin/env bash
# versitygw, an S3 server over a folder, from its Go module.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need go 'install Go 1.24 or later'
  printf 'module components/versitygw\n\ngo 1.24\n\nrequire github.com/versity/versitygw %s\n' "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -ldflags "-s -w -X main.Version=$version" -o "$out/versitygw" github.com/versity/versitygw/cmd/versitygw
  "$out/versitygw" --version
}
component versitygw "${1:-v1.8.0}" 2 build
