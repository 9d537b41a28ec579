#!/usr/bin/env bash
# MinIO from its Go module, the last commit that was published.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2 module=github.com/minio/minio
  need go 'install Go 1.24 or later'
  printf 'module components/minio\n\ngo 1.24\n\nrequire %s %s\n' "$module" "$version" >go.mod
  CGO_ENABLED=0 go build -trimpath -tags kqueue -o "$out/minio" \
    -ldflags "-s -w -X $module/cmd.Version=2026-02-12T20:18:48Z -X $module/cmd.ReleaseTag=RELEASE.2026-02-12T20-18-48Z" "$module"
  "$out/minio" --version
}
component minio "${1:-v0.0.0-20260212201848-7aac2a2c5b7c}" 8 build
