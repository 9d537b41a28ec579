# Debian packages unpacked as if installed, without their scripts; for recipes that have read lib.sh.

# Packages of Debian as files in this folder. A new machine knows no packages yet, and lists that are old name versions
# that are gone.
download_debian() {
  apt-get download "$@" && return
  apt-get update
  apt-get download "$@"
}

# usage: unpack_debian FOLDER REMEDY PACKAGE...   (in an empty folder)
unpack_debian() {
  local out=$1 remedy=$2 package folder
  shift 2
  need apt-get "$remedy"
  download_debian "$@"
  for package in *.deb; do dpkg-deb -x "$package" "$out"; done
  # Where these are links to the same folders below usr, folders of their own would hide the machine's.
  for folder in bin sbin lib; do
    [ -d "$out/$folder" ] || continue
    mkdir -p "$out/usr/$folder"
    cp -a "$out/$folder/." "$out/usr/$folder/"
    rm -r "${out:?}/$folder"
  done
}

# What runs containers: containerd, runc, and iptables with the links that its installation would make.
CONTAINER_PACKAGES='containerd runc iptables conntrack libseccomp2 libxtables12 libip4tc2 libip6tc2 libnftnl11 libmnl0
  libnetfilter-conntrack3 libnfnetlink0'

link_iptables() {
  local program
  for program in iptables iptables-save iptables-restore ip6tables ip6tables-save ip6tables-restore; do
    ln -sf xtables-nft-multi "$1/usr/sbin/$program"
  done
}
