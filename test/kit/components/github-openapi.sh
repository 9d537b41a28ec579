#!/usr/bin/env bash
# GitHub's description of its REST API, one file of the package that Octokit is made from: `github-openapi` prints it.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need npm 'install Node 24 or later'
  npm pack --silent "@octokit/openapi@${version#v}"
  # The package has the files of all versions of Enterprise Server as well, a hundred times as much.
  tar -xzf ./*.tgz --strip-components=2 -C "$out" package/generated/api.github.com.json
  printf '#!/bin/sh\nexec cat "$(dirname "$0")/api.github.com.json"\n' >"$out/github-openapi"
  chmod +x "$out/github-openapi"
}
component github-openapi "${1:-v23.0.2}" 1 build
