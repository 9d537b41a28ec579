#!/usr/bin/env bash
# actionlint, which reads workflow files as the forge does.
. "$(dirname "$0")/lib.sh"

build() {
  need go 'install Go 1.24 or later'
  CGO_ENABLED=0 GOBIN=$1 go install -trimpath "github.com/rhysd/actionlint/cmd/actionlint@$2"
}
component actionlint "${1:-v1.7.12}" 1 build
