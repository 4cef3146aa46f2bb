#!/usr/bin/env bash
# Puts the inputs of earlier runs into the corpora: Fuzz/pack.sh [harness ...]
# Of the archive's inputs and those in work/HARNESS, the smallest set that reaches as much is kept. The same inputs give the
# same archive.
set -euo pipefail
cd "$(dirname "$0")"
harnesses=("$@")
[ ${#harnesses[@]} -gt 0 ] || harnesses=(container levelmap pixels safetensors pictures roundtrip)
export ASAN_OPTIONS=symbolize=0:detect_leaks=0
export MODEL=../testdata/tiny.safetensors
for harness in "${harnesses[@]}"; do
  all=work/corpus/$harness merged=work/merged/$harness
  rm -rf "$merged"
  mkdir -p "work/$harness" "$all" "$merged"
  [ ! -f "Corpus/$harness.tar.gz" ] || tar -xzf "Corpus/$harness.tar.gz" -C "$all"
  HARNESS=$harness .build/release/Fuzz -merge=1 "$merged" "$all" "work/$harness" 2>"work/$harness-merge.log"
  tar --sort=name --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=u=rw,go=r -C "$merged" -cf - . \
    | gzip -9n >"Corpus/$harness.tar.gz"
  echo "$harness: $(find "$merged" -type f | wc -l) inputs"
done
