#!/usr/bin/env bash
# Builds the wheel around a built library: build.sh BUILD-FOLDER OUTPUT-FOLDER PYTHON
# Everything the library needs beyond the C library goes in, so that no Swift has to be there.
set -euo pipefail
build=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
python=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here"/{pyproject.toml,setup.py,README.md,src} "$work"/
native=$work/src/gqimg/native
rm -rf "$native"
mkdir "$native"
cp "$build"/libgqimgc.so "$native"/
cp "$build"/gqimg_GQModel.resources/Resources/*.safetensors "$native"/
# libstdc++ and libgcc_s are every system's own: a second copy beside another extension's would be worse.
ldd "$build"/libgqimgc.so | while read -r name arrow path _; do
  case $name in
    linux-vdso* | */ld-linux* | ld-linux* | libc.so* | libm.so* | libpthread.so* | libdl.so* | librt.so* | libgcc_s.so* | libstdc++.so*) ;;
    *) [ -e "$path" ] || { echo "$name: $arrow $path" >&2; exit 1; }; cp -L "$path" "$native/$name" ;;
  esac
done
"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$output" "$work"
ls "$output"/gqimg-*.whl
