# The operator's image: Node, the libraries that it loads, the bundle, and nothing else. `make image`.
#
#   BUILD_BASE    has Node 24 and a shell; Debian's libraries in it are the ones that ship
#   RUNTIME_BASE  `scratch`: those libraries come along; or an image that has glibc and libstdc++ of its own, such as
#                 gcr.io/distroless/cc-debian12:nonroot
#   VERSION, REVISION, SOURCE_DATE_EPOCH  what the image says of itself; the same values give the same layers
ARG BUILD_BASE=node:24-bookworm-slim
ARG RUNTIME_BASE=scratch

# On the machine that builds, whatever it builds for: the bundle is the same everywhere.
FROM --platform=$BUILDPLATFORM ${BUILD_BASE} AS bundle
WORKDIR /src
COPY package.json package-lock.json ./
COPY protocol/package.json protocol/
COPY operator/package.json operator/
# The packages run nothing of their own: the base brings Node, and esbuild finds its program by itself.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/bundle.ts gitsync-operator

# For the machine that it is built for: Node and its libraries are of that architecture.
FROM ${BUILD_BASE} AS files
ARG RUNTIME_BASE
ARG VERSION=0.0.0
ARG SOURCE_DATE_EPOCH=0
COPY --from=bundle /src/scripts /src/scripts
COPY --from=bundle /src/dist /src/dist
RUN node /src/scripts/image/rootfs.ts /rootfs /src/dist "$VERSION" "$SOURCE_DATE_EPOCH" "$RUNTIME_BASE"

# `docker build --target sbom --output dist .` writes the bill of materials.
FROM scratch AS sbom
COPY --from=files /rootfs/usr/share/doc/gitsync-operator/sbom.cdx.json /gitsync-operator.sbom.cdx.json

FROM ${RUNTIME_BASE} AS image
ARG VERSION=0.0.0
ARG REVISION=unknown
COPY --from=files /rootfs/ /
LABEL org.opencontainers.image.title="gitsync-operator" \
      org.opencontainers.image.description="Writes what people change in a Kubernetes cluster to Git, without cloning" \
      org.opencontainers.image.source="https://github.com/gitsync-dev/gitsync-operator" \
      org.opencontainers.image.documentation="https://gitsync.dev/docs" \
      org.opencontainers.image.licenses="Apache-2.0" \
      org.opencontainers.image.version="$VERSION" \
      org.opencontainers.image.revision="$REVISION"
# Memory that is given back, for a process that mostly waits.
ENV PATH=/usr/local/bin NODE_ENV=production MALLOC_ARENA_MAX=2
WORKDIR /app
USER 65532:65532
STOPSIGNAL SIGTERM
ENTRYPOINT ["/usr/local/bin/node", "--max-semi-space-size=2", "--optimize-for-size", "/app/gitsync-operator.mjs"]
