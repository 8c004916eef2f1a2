#!/usr/bin/env bash
# Installs what the package needs on Debian and Ubuntu: only what is missing, with sudo only where it is needed.
# Run it as often as you like: when everything is there it says nothing and exits with 0.
set -euo pipefail

# One line that says what to do, then the end.
stop() {
  echo "setup: $*" >&2
  exit 1
}

required_swift="6.2"

packages=(
  libopenblas-openmp-dev liblapacke-dev # matrix products and linear algebra
  libdnnl-dev                           # convolution and pooling (oneDNN)
  libhwy-dev                            # vector kernels (Highway)
  zlib1g-dev libpng-dev libcairo2-dev   # gzip and zip, pictures, drawings
  fonts-dejavu-core                     # the font of the drawings
  git ca-certificates pkg-config        # for Swift's package manager
)

check_swift() {
  command -v swift >/dev/null ||
    stop "no Swift toolchain found: install Swift $required_swift or newer from https://www.swift.org/install/linux"
  local version
  version=$(swift --version 2>/dev/null | sed -n 's/.*Swift version \([0-9]*\.[0-9]*\).*/\1/p' | head -n 1)
  [[ -n $version && $(printf '%s\n' "$required_swift" "$version" | sort -V | head -n 1) == "$required_swift" ]] ||
    stop "Swift ${version:-of an unknown version} is too old: install $required_swift or newer from https://www.swift.org/install/linux"
}

is_installed() {
  [[ $(dpkg-query --show --showformat='${db:Status-Status}' "$1" 2>/dev/null) == installed ]] && return
  # pkgconf and pkg-config replace each other.
  [[ $1 == pkg-config ]] && command -v pkg-config >/dev/null
}

missing_packages() {
  local package
  for package in "${packages[@]}"; do
    is_installed "$package" || echo "$package"
  done
  # Swift's clang takes the C++ library of the newest gcc it finds.
  compgen -G '/usr/include/c++/*/vector' >/dev/null || echo g++
  # Foundation's network part needs it at run time; its package has another name in each release, this one has not.
  ldconfig -p | grep -q 'libcurl\.so\.4' || echo libcurl4-openssl-dev
}

# "$@" as the superuser; need_root says beforehand whether that is possible.
as_root() {
  if [[ $(id -u) == 0 ]]; then "$@"; else sudo "$@"; fi
}

need_root() {
  [[ $(id -u) == 0 ]] || command -v sudo >/dev/null || stop "neither root nor sudo: as root, run: $*"
}

install_packages() {
  need_root apt-get install "$@"
  echo "setup: installing $*"
  log=$(mktemp)
  trap 'rm -f "$log"' EXIT
  # An index that is out of date or a mirror that is away only matters where the installation then fails.
  as_root apt-get update >"$log" 2>&1 || true
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" >>"$log" 2>&1 || {
    tail -n 20 "$log" >&2
    stop "apt-get could not install: $*"
  }
}

# Debian lets several builds of OpenBLAS live side by side and prefers the one with its own threads, which would
# compete with ours for the cores.
check_openblas() {
  local library alternative variant
  for alternative in libopenblas.so libopenblas.so.0; do
    library=$(readlink -f "/usr/lib/$(uname -m)-linux-gnu/$alternative" || true)
    [[ $library == */openblas-openmp/* ]] && continue
    variant=$(compgen -G "/usr/lib/*/openblas-openmp/libopenblas.so*" | head -n 1)
    [[ -n $variant ]] || stop "OpenBLAS's openmp build is missing: apt-get install --reinstall libopenblas-openmp-dev"
    need_root update-alternatives --set "$alternative-$(uname -m)-linux-gnu" "${variant%/*}/$alternative"
    echo "setup: choosing OpenBLAS's openmp build ($alternative)"
    as_root update-alternatives --set "$alternative-$(uname -m)-linux-gnu" "${variant%/*}/$alternative" >/dev/null ||
      stop "$alternative is not OpenBLAS's openmp build: update-alternatives --config $alternative-$(uname -m)-linux-gnu"
  done
}

check_swift
if ! command -v apt-get >/dev/null || ! command -v dpkg-query >/dev/null; then
  stop "no apt here: install OpenBLAS (openmp build), LAPACKE, oneDNN, Highway, zlib, libpng, cairo with their headers, pkg-config, git, a C++ library and the DejaVu fonts"
fi
mapfile -t missing < <(missing_packages)
[[ ${#missing[@]} == 0 ]] || install_packages "${missing[@]}"
check_openblas
