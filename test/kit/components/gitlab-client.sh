#!/usr/bin/env bash
# GitLab's own client in Go, of which `gitlab-client` prints what it sends and reads for merge requests.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2 source
  need go 'install Go 1.24 or later'
  source=$(module_dir "gitlab.com/gitlab-org/api/client-go@$version")
  install -m 644 "$source/merge_requests.go" "$source/users.go" "$source/gitlab.go" "$out/"
  printf '#!/bin/sh\nexec cat "$(dirname "$0")"/*.go\n' >"$out/gitlab-client"
  chmod +x "$out/gitlab-client"
}
component gitlab-client "${1:-v1.46.0}" 1 build
