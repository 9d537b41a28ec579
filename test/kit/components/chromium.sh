#!/usr/bin/env bash
# Chromium as Debian ships it: unpacked with the libraries that the machine lacks, not installed.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 packages
  need apt-get 'Chromium comes from Debian packages; elsewhere name a Chromium or Chrome in GITSYNC_CHROMIUM'
  # A new machine knows no packages yet, and lists that are old name versions that are gone.
  if ! packages=$(missing) || ! apt-get download $packages; then
    apt-get update
    packages=$(missing)
    apt-get download $packages
  fi
  for package in *.deb; do dpkg-deb -x "$package" "$out/root"; done
  cat >"$out/chromium" <<'EOF'
#!/usr/bin/env bash
root=$(dirname "$(readlink -f "$0")")/root
libraries=$(printf '%s:' "$root"/usr/lib/*-linux-gnu* "$root"/lib/*-linux-gnu* "$root"/usr/lib/*-linux-gnu*/pulseaudio)
export LD_LIBRARY_PATH=$libraries$LD_LIBRARY_PATH
[ -d /etc/fonts ] || export FONTCONFIG_PATH=$root/etc/fonts
exec "$root/usr/lib/chromium/chromium" "$@"
EOF
  chmod +x "$out/chromium"
  "$out/chromium" --version --no-sandbox
}

# What an installation would bring.
missing() {
  apt-get --simulate --no-install-recommends install chromium | sed -n 's/^Inst \([^ ]*\).*/\1/p'
}
component chromium debian 1 build
