#!/usr/bin/env bash
# Compiles the C examples against the built library and runs them, from a folder that has no weights: run.sh FOLDER
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
library=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
for example in roundtrip threads; do
  "${CC:-clang}" -std=c11 -Wall -Wextra -Werror -O1 "$here/$example.c" -I "$here/../../include" \
    -L "$library" -lgqimgc -lpthread -Wl,-rpath,"$library" -o "$work/$example"
  (cd / && "$work/$example")
done
echo "Examples in C: 2 passed, 0 failed"
