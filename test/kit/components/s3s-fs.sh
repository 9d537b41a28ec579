#!/usr/bin/env bash
# s3s-fs, an S3 server whose conditional writes race: what a test of races must find.
. "$(dirname "$0")/lib.sh"

build() {
  local out=$1 version=$2
  need cargo 'install Rust 1.88 or later'
  cargo install --locked --root "$out/root" --features binary --version "${version#v}" s3s-fs
  mv "$out/root/bin/s3s-fs" "$out/s3s-fs"
  rm -r "$out/root"
  "$out/s3s-fs" --version
}
component s3s-fs "${1:-v0.14.0}" 2 build
