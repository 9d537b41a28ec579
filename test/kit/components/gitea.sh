#!/usr/bin/env bash
# Gitea from its Go module, with the templates and assets that it reads at run time.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2 source
  need go 'install Go 1.24 or later'
  need cc 'install a C compiler (SQLite is built)'
  source=$(module_dir "code.gitea.io/gitea@$version")
  printf 'module components/gitea\n\ngo 1.26\n' >go.mod
  # Gitea does not build without the forks that its own go.mod names.
  sed -n '/^replace /p' "$source/go.mod" >>go.mod
  go get "code.gitea.io/gitea@$version"
  CGO_ENABLED=1 go build -trimpath -tags 'sqlite sqlite_unlock_notify' \
    -ldflags "-s -w -X main.Version=${version#v}" -o "$out/gitea" code.gitea.io/gitea
  cp -r "$source/templates" "$source/options" "$source/public" "$out/"
  chmod -R u+w,a+rX "$out"
}
component gitea "${1:-v1.26.0}" 6 build
