# Every target installs what it needs. Node itself comes as a development dependency; go and git must be there.
SHELL := /bin/bash
export PATH := $(CURDIR)/node_modules/.bin:$(PATH)
export npm_config_update_notifier := false

.PHONY: demo test test-long check bundle image image-archive sbom bench matrix crds reference manifests chart plugin packages release \
  format components clean docs docs-serve

# An API server, a Git remote and the operator on this machine. KEEP=1 keeps it running; CLUSTER=1 uses your cluster.
demo: node_modules/.ready
	node demo/demo.ts

# Everything but what takes long. SKIP=name[,name] leaves out suites (not where CI=true).
test: node_modules/.ready
	node scripts/test.ts

# Chaos with many seeds, soak: before a release.
test-long: node_modules/.ready
	node scripts/test.ts --long

# Types, lint with import boundaries, formatting, dead exports, generated files.
check: node_modules/.ready
	node scripts/check.ts

# One file for each program, in dist/.
bundle: node_modules/.ready
	node scripts/bundle.ts

# The image, with Docker. BUILD_BASE and RUNTIME_BASE choose other bases; `docker buildx bake release` is for all machines.
image:
	REVISION=$$(git rev-parse HEAD) SOURCE_DATE_EPOCH=$$(git log -1 --format=%ct) docker buildx bake image

# The same image for this machine, without Docker, and its bill of materials: in dist/.
image-archive sbom: node_modules/.ready
	node scripts/image.ts

# Measurements beside other tools; writes bench/REPORT.md.
bench: node_modules/.ready bundle
	node bench/run.ts

# Every operation of the client against every kind of server, requests counted; UPDATE_MATRIX=1 takes the counts as they are.
matrix: node_modules/.ready
	vitest run --project conformance test/conformance/client/matrix
	@cat docs/engine/servers.md

# Files that are generated from the sources.
crds reference: node_modules/.ready
	node operator/src/api/generate.ts
	node scripts/reference.ts
	node scripts/api-report.ts
	node scripts/chart.ts

# deploy/: what the chart makes with its defaults, for kustomize and for kubectl apply.
manifests: node_modules/.ready reference
	node scripts/manifests.ts

# The chart as it is published: dist/gitsync-operator-VERSION.tgz. PUSH=oci://host/path publishes it.
chart: node_modules/.ready
	node scripts/chart-package.ts $(PUSH)

# The kubectl plugin as it is published, and its manifest for krew: dist/kubectl-gitsync-VERSION.tar.gz, dist/gitsync.yaml.
plugin: node_modules/.ready
	node scripts/plugin.ts

# dist/npm: the engine's package as it is published, JavaScript and types.
packages: node_modules/.ready
	node scripts/package.ts

# One version everywhere, its section in the changelog, and what the next one is compared with: make release VERSION=0.2.0
release: node_modules/.ready
	node scripts/release.ts $(VERSION)

# The site, to docs/.vitepress/dist, at /docs/; docs-serve shows it while pages are edited.
docs: node_modules/.ready
	vitepress build docs

docs-serve: node_modules/.ready
	vitepress dev docs

format: node_modules/.ready
	oxfmt

# kube-apiserver, kubectl, etcd, Gitea: built once, kept in the user's cache.
components: node_modules/.ready
	node test/kit/components/install.ts

clean:
	rm -rf node_modules dist

node_modules/.ready: package-lock.json package.json protocol/package.json operator/package.json
	npm ci --no-fund --no-audit --loglevel=error
	@touch $@
