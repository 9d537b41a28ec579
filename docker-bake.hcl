# `docker buildx bake`: the image for this machine. `docker buildx bake release --push`: for all, with bill of materials
# and provenance. `docker buildx bake sbom`: the bill alone, into dist/.

variable "NAME" { default = "ghcr.io/gitsync-dev/gitsync-operator" }
variable "VERSION" { default = "0.1.0" }
variable "REVISION" { default = "unknown" }
# Seconds since 1970 of the commit: dates of layers and image.
variable "SOURCE_DATE_EPOCH" { default = "0" }
variable "BUILD_BASE" { default = "node:24-bookworm-slim" }
variable "RUNTIME_BASE" { default = "scratch" }

group "default" { targets = ["image"] }

target "common" {
  args = {
    BUILD_BASE        = BUILD_BASE
    RUNTIME_BASE      = RUNTIME_BASE
    VERSION           = VERSION
    REVISION          = REVISION
    SOURCE_DATE_EPOCH = SOURCE_DATE_EPOCH
  }
}

target "image" {
  inherits = ["common"]
  target   = "image"
  tags     = ["${NAME}:${VERSION}"]
  output   = ["type=docker"]
}

target "release" {
  inherits  = ["common"]
  target    = "image"
  tags      = ["${NAME}:${VERSION}"]
  platforms = ["linux/amd64", "linux/arm64"]
  attest    = ["type=sbom", "type=provenance,mode=max"]
  output    = ["type=image,rewrite-timestamp=true"]
}

target "provenance" {
  inherits = ["common"]
  target   = "image"
  attest   = ["type=provenance,mode=max"]
  output   = ["type=oci,dest=dist/gitsync-operator.oci.tar,rewrite-timestamp=true"]
}

target "sbom" {
  inherits = ["common"]
  target   = "sbom"
  output   = ["type=local,dest=dist"]
}
