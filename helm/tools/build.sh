#!/bin/sh
# Builds the chart's tools from Go modules, once, into the cache, and prints the folder that holds them by name:
#   helm/tools/build.sh [NAME...]      all of pins.txt without names
# A tool is keyed by name, version and compiler. Kubernetes takes ten minutes of a core and 4 GB of build cache; GO_JOBS
# (default 1) says how many packages are compiled at once.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
cache=${GRAFT_CACHE:-${HOME:-/root}/.cache/graft}
say() { printf '%s\n' "$*" >&2; }
command -v go >/dev/null || { say "The chart's tools are built with Go 1.24 or newer, which is missing: install it (go.dev)."; exit 2; }
bin=$cache/kubernetes-tools
mkdir -p "$bin/bin"
export CGO_ENABLED=0 GO111MODULE=on

# Kubernetes lists its own libraries as v0.0.0: a module that replaces them by the versions published beside it.
kubernetes_module() { # FOLDER VERSION
    go mod download "k8s.io/kubernetes@$2"
    listed=$(go env GOMODCACHE)/k8s.io/kubernetes@$2/go.mod
    {
        printf 'module graft.test/kubernetes\n\n'
        sed -n '/^go /p; /^godebug /p' "$listed"
        printf '\nrequire k8s.io/kubernetes %s\n\nreplace (\n' "$2"
        sed -n 's/^[[:space:]]*\(k8s.io\/[a-z-]*\) v0.0.0$/\1/p' "$listed" | sort -u | while read -r library; do
            printf '\t%s => %s %s\n' "$library" "$library" "v0.${2#v1.}"
        done
        printf ')\n'
    } >"$1/go.mod"
}

version_flags() { # VERSION: without them the server says v0.0.0 and charts refuse it
    for package in k8s.io/component-base/version k8s.io/client-go/pkg/version; do
        printf -- '-X %s.gitVersion=%s -X %s.gitMajor=1 -X %s.gitMinor=%s ' $package "$1" $package $package \
            "$(echo "$1" | cut -d . -f 2)"
    done
}

build() { # NAME PACKAGE MODULE VERSION TARGET
    work=$(mktemp -d)
    flags="-s -w"
    case $3 in
        k8s.io/kubernetes)
            kubernetes_module "$work" "$4"
            flags="$flags $(version_flags "$4")"
            ;;
        *)
            go mod download "$3@$4"
            {
                printf 'module graft.test/tool\n\ngo 1.24\n\nrequire %s %s\n' "$3" "$4"
                sed -n '/^replace (/,/^)/p; /^replace [^(]/p' "$(go list -m -f '{{.Dir}}' "$3@$4")/go.mod"
            } >"$work/go.mod"
            ;;
    esac
    say "building $1 $4"
    # shellcheck disable=SC2086 # the package may come with options
    (cd "$work" && nice -n "${GO_NICE:-10}" go build -p "${GO_JOBS:-1}" -mod=mod -trimpath -ldflags "$flags" -o "$5.part" $2) >&2 ||
        { rm -rf "$work"; say "$1 could not be built: Go's message is above."; exit 2; }
    mv -f "$5.part" "$5"
    rm -rf "$work"
}

grep -v '^#' "$here/pins.txt" | while read -r name module version package; do
    [ $# -eq 0 ] || case " $* " in *" $name "*) ;; *) continue ;; esac
    target=$bin/$name-$version-$(go env GOVERSION)
    [ -x "$target" ] || build "$name" "$package" "$module" "$version" "$target" </dev/null
    ln -sf "$target" "$bin/bin/$name"
done
echo "$bin/bin"
