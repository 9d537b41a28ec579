# Shared by the component recipes: each puts its files into $CACHE/<name>-<version>/, is done when that folder exists, and
# prints the folder. Progress goes to standard error.
set -euo pipefail
CACHE=${GITSYNC_COMPONENTS:-${XDG_CACHE_HOME:-$HOME/.cache}/gitsync-operator/components}
mkdir -p "$CACHE"
export GOFLAGS=-mod=mod

# Builds into a scratch folder and renames it at the end, so that an interrupted build never looks finished.
# usage: component NAME VERSION MINUTES FUNCTION   (FUNCTION is called with a folder for the result, the version, and a
# folder for anything else)
component() {
  local name=$1 version=$2 minutes=$3 build=$4 target log scratch started status
  target=$CACHE/$name-$version
  log=$target.log
  if [ ! -d "$target" ]; then
    exec 9>"$target.lock"
    flock -n 9 || { echo "waiting for another build of $name $version" >&2 && flock 9; }
  fi
  if [ ! -d "$target" ]; then
    started=$(date +%s)
    echo "building $name $version: once, about $minutes min; kept in $CACHE; log: $log" >&2
    rm -rf "$CACHE/.$name-$version-"*
    scratch=$(mktemp -d "$CACHE/.$name-$version-XXXXXX")
    mkdir "$scratch/result" "$scratch/work"
    # Not "if !": inside a condition the shell ignores set -e, and a build that failed half way would be kept.
    set +e
    (
      set -e
      cd "$scratch/work"
      "$build" "$scratch/result" "$version" "$scratch/work"
    ) >"$log" 2>&1 9>&-
    status=$?
    set -e
    if [ "$status" -ne 0 ]; then
      tail -40 "$log" >&2
      rm -rf "$scratch"
      echo "cannot build $name $version: the whole log is $log" >&2
      return 1
    fi
    mv "$scratch/result" "$target"
    rm -rf "$scratch"
    echo "built $name $version in $(($(date +%s) - started)) s" >&2
  fi
  echo "$target"
}

# usage: need PROGRAM REMEDY
need() {
  command -v "$1" >/dev/null || { echo "$1 is missing: $2" && return 1; }
}

# The folder in which the Go module cache keeps MODULE@VERSION.
module_dir() {
  go mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p'
}
