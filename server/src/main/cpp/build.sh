#!/bin/sh
# Called by the Maven build: builds the bridge and its tests into FOLDER where CMake and a C++ compiler are found, and
# says what is missing where not. Never fails the build for a missing tool; a compiler's error does.
# usage: build.sh FOLDER JAVA_HOME
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
for tool in cmake c++; do
    if ! command -v "$tool" >/dev/null 2>&1; then
        echo "TensorRT bridge not built: $tool is missing (apt-get install cmake g++)" >&2
        exit 0
    fi
done
mkdir -p "$1"
JAVA_HOME=$2 cmake -S "$here" -B "$1" ${TRTLLM_ROOT:+-DTRTLLM_ROOT="$TRTLLM_ROOT"} >"$1/cmake.log" 2>&1 &&
    cmake --build "$1" >>"$1/cmake.log" 2>&1 || {
    tail -n 40 "$1/cmake.log" >&2
    exit 1
}
