# Kubernetes' programs from the published Go module; for recipes that have read lib.sh.

# usage: build_kubernetes FOLDER VERSION PROGRAM...   (in an empty folder, which becomes a Go module)
build_kubernetes() {
  local out=$1 version=$2 source minor stamp staging program
  shift 2
  need go 'install Go 1.24 or later'
  source=$(module_dir "k8s.io/kubernetes@$version")
  printf 'module components/kube\n\ngo 1.24\n\nrequire k8s.io/kubernetes %s\n' "$version" >go.mod
  # k8s.io/kubernetes replaces its staging modules by relative paths; a consumer must name their releases.
  minor=${version#v1.}
  for staging in $(sed -n 's|^\t\(k8s.io/[a-z-]*\) => ./staging/.*|\1|p' "$source/go.mod"); do
    go mod edit -replace "$staging=$staging@v0.$minor"
  done
  stamp=k8s.io/component-base/version
  for program; do
    CGO_ENABLED=0 go build -trimpath -o "$out/$program" \
      -ldflags "-s -w -X $stamp.gitVersion=$version -X $stamp.gitMajor=1 -X $stamp.gitMinor=${minor%%.*} -X $stamp.gitTreeState=clean" \
      "k8s.io/kubernetes/cmd/$program"
  done
}
