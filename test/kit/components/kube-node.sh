#!/usr/bin/env bash
# What makes a cluster of an API server and a machine, built from the published Go module: controllers, scheduler, proxy,
# kubelet; and the pause program that holds a pod's namespaces, from the same module.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/kube-module.sh"

build() {
  local out=$1 version=$2
  need gcc 'install GCC, which compiles the pause program'
  build_kubernetes "$out" "$version" kubelet kube-proxy kube-scheduler kube-controller-manager
  gcc -Os -static -s -DVERSION="$version" -o "$out/pause" "$(module_dir "k8s.io/kubernetes@$version")/build/pause/linux/pause.c"
}
component kube-node "${1:-v1.34.4}" 4 build
