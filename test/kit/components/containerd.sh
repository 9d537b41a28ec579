#!/usr/bin/env bash
# containerd, runc, CNI plugins and iptables as Debian ships them: unpacked, not installed. A node lays the folder over
# the machine's own root, where everything is then found as if it were installed.
. "$(dirname "$0")/lib.sh"

PACKAGES='containerd runc containernetworking-plugins iptables conntrack libseccomp2 libxtables12 libip4tc2 libip6tc2
  libnftnl11 libmnl0 libnetfilter-conntrack3 libnfnetlink0'

build() {
  local out=$1 folder
  need apt-get 'containerd comes from Debian packages; elsewhere install containerd, runc, the CNI plugins and iptables, and name containerd in GITSYNC_CONTAINERD'
  if ! apt-get download $PACKAGES; then
    apt-get update
    apt-get download $PACKAGES
  fi
  for package in *.deb; do dpkg-deb -x "$package" "$out"; done
  # Where these are links to the same folders below usr, folders of their own would hide the machine's.
  for folder in bin sbin lib; do
    [ -d "$out/$folder" ] || continue
    mkdir -p "$out/usr/$folder"
    cp -a "$out/$folder/." "$out/usr/$folder/"
    rm -r "$out/$folder"
  done
  # An installation would make these links.
  for program in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -sf xtables-nft-multi "$out/usr/sbin/$program"
  done
  "$out/usr/bin/containerd" --version
}
component containerd "${1:-debian}" 1 build
