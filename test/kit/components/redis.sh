#!/usr/bin/env bash
# Redis as Debian ships it: unpacked, not installed, with the libraries that only it needs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debian.sh"

build() {
  local out=$1
  need apt-get 'redis-server comes from a Debian package; elsewhere install Redis or Valkey and name its server in GITSYNC_REDIS'
  download_debian redis-server redis-tools libjemalloc2 liblzf1
  for package in *.deb; do dpkg-deb -x "$package" unpacked; done
  mkdir "$out/lib"
  find unpacked -name 'lib*.so.*' -exec cp -P {} "$out/lib/" \;
  # One program under several names.
  cp -L unpacked/usr/bin/redis-server "$out/redis-server.real"
  cat >"$out/redis-server" <<'SCRIPT'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH="$here/lib" exec "$here/redis-server.real" "$@"
SCRIPT
  chmod +x "$out/redis-server"
  "$out/redis-server" --version
}
component redis debian 1 build
