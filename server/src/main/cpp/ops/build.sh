#!/bin/sh
# Builds the operators' library once for each state of the sources, compiler and headers, and prints its path.
#   build.sh HEADERS CACHE     HEADERS holds torch/include of libtorch 2.7.1; CACHE gets graft-operators-<key>/
# Exit 1 and one line on standard error when it can't be built; the server then uses its plain scripts.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
headers=$1
cache=$2
compiler=${CXX:-}
if [ -z "$compiler" ]; then
    for name in g++ clang++ c++; do
        if command -v "$name" >/dev/null 2>&1; then
            compiler=$name
            break
        fi
    done
fi
[ -n "$compiler" ] || { echo "operators: no C++ compiler (g++ or clang++)" >&2; exit 1; }
[ -f "$headers/torch/library.h" ] || { echo "operators: no libtorch headers in $headers" >&2; exit 1; }
machine=$(uname -m)
key=$(cd "$here" && { cat ./*.cc ./*.h ./*.inc build.sh; echo "$headers $machine"; "$compiler" --version | head -n 1; } | sha256sum | cut -c 1-16)
folder=$cache/graft-operators-$key
library=$folder/libgraft_operators.so
if [ -f "$library" ]; then
    echo "$library"
    exit 0
fi
mkdir -p "$cache"
work=$(mktemp -d "$cache/operators.XXXXXX")
trap 'rm -rf "$work"' EXIT
echo "building the operators (about a minute, once)" >&2
common="-std=c++17 -O3 -fPIC -fvisibility=hidden -Wall -Wno-psabi -fno-math-errno"
wide="-mavx512f -mavx512bw -mavx512dq -mavx512vl -mavx2 -mfma -mprefer-vector-width=512"
compile() { # NAME FLAG...: one object; a log of its own, shown only when it fails
    name=$1
    shift
    # shellcheck disable=SC2086 # flags are words
    "$compiler" $common "$@" -c "$here/$name.cc" -o "$work/$name.o" >"$work/$name.log" 2>&1 || {
        sed "s/^/operators: /" "$work/$name.log" | head -n 20 >&2
        touch "$work/failed"
    }
}
torch="-O2 -D_GLIBCXX_USE_CXX11_ABI=1 -isystem $headers -isystem $headers/torch/csrc/api/include"
# shellcheck disable=SC2086
{
    (compile pool; compile dispatch; compile kernels_plain; compile packed $torch; compile operators $torch) &
    if [ "$machine" = x86_64 ]; then
        (compile kernels_avx2 -mavx2 -mfma; compile kernels_avx512 $wide; compile kernels_avx512bf16 $wide -mavx512bf16 -mavx512vnni) &
    fi
    (compile project $torch; compile attention $torch) &
    wait
}
[ ! -f "$work/failed" ] || { echo "operators: the library could not be compiled" >&2; exit 1; }
# libtorch is in the process already when this is loaded: its names are needed here, not its files.
mkdir "$work/stubs"
for name in torch_cpu c10; do
    "$compiler" -shared -Wl,-soname,lib$name.so -o "$work/stubs/lib$name.so" -x c++ /dev/null
done
"$compiler" -shared -o "$work/libgraft_operators.so" "$work"/*.o -Wl,--no-as-needed -L"$work/stubs" -ltorch_cpu -lc10 \
    -Wl,--as-needed -lpthread 2>"$work/link.log" || { sed "s/^/operators: /" "$work/link.log" | head -n 20 >&2; exit 1; }
mkdir -p "$work/done"
mv "$work/libgraft_operators.so" "$work/done/"
chmod 755 "$work/done"
mv -T "$work/done" "$folder" 2>/dev/null || [ -f "$library" ]
echo "$library"
