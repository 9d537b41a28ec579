# Shared by the component recipes: each puts its files into $CACHE/<name>-<version>/ and is done when that folder exists.
set -euo pipefail
CACHE=${GITSYNC_COMPONENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync-operator/components}
mkdir -p "$CACHE"
export GOFLAGS=-mod=mod

# Builds into a scratch folder and renames it at the end, so that an interrupted build never looks finished.
# usage: component NAME VERSION FUNCTION   (FUNCTION is called with the scratch folder)
component() {
  local target=$CACHE/$1-$2 scratch started
  if [ -d "$target" ]; then return 0; fi
  exec 9>"$CACHE/$1-$2.lock"
  flock 9
  if [ -d "$target" ]; then return 0; fi
  started=$(date +%s)
  echo "building $1 $2 (once; kept in $CACHE)" >&2
  scratch=$(mktemp -d "$CACHE/.$1-XXXXXX")
  if ! "$3" "$scratch" "$2" >"$CACHE/$1-$2.log" 2>&1; then
    tail -40 "$CACHE/$1-$2.log" >&2
    rm -rf "$scratch"
    echo "cannot build $1 $2: the whole log is $CACHE/$1-$2.log" >&2
    return 1
  fi
  chmod 0755 "$scratch"
  mv "$scratch" "$target"
  echo "built $1 $2 in $(($(date +%s) - started)) s" >&2
}

# The folder in which the Go module cache keeps MODULE@VERSION.
module_dir() {
  go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'
}
