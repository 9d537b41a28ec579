#!/usr/bin/env bash
# kube-apiserver and kubectl, built from the published Go module.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/kube-module.sh"

build() {
  build_kubernetes "$1" "$2" kube-apiserver kubectl
}
component kube "${1:-v1.34.4}" 4 build
