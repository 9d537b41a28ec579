#!/usr/bin/env bash
# OpenSSH's server as Debian ships it: unpacked, not installed, with the libraries that only it needs.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/debian.sh"

build() {
  local out=$1
  need apt-get 'sshd comes from a Debian package; elsewhere install OpenSSH and name its sshd in GITSYNC_SSHD'
  download_debian openssh-server libwrap0 libnsl2 libtirpc3
  for package in *.deb; do dpkg-deb -x "$package" unpacked; done
  mkdir "$out/lib"
  find unpacked -name 'lib*.so.*' -exec cp -P {} "$out/lib/" \;
  mv unpacked/usr/sbin/sshd "$out/sshd.real"
  # It starts itself again for each connection and wants to be called by its whole path.
  cat >"$out/sshd" <<'SCRIPT'
#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
LD_LIBRARY_PATH="$here/lib" exec "$here/sshd.real" "$@"
SCRIPT
  chmod +x "$out/sshd"
  # It has no word for its version that succeeds, and says it among the complaints.
  { "$out/sshd" -V 2>&1 || true; } | grep OpenSSH_
}
component sshd debian 1 build
