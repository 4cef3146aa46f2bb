#!/usr/bin/env bash
# Fuzzes every harness for so many seconds: Fuzz/run.sh [seconds] [harness ...]
# Crashes found are put in Fuzz/work; their inputs belong in testdata/malformed, where a unit test replays them.
# Each harness starts from Corpus/HARNESS.tar.gz and the inputs that earlier runs added in work/HARNESS; pack.sh puts the
# smallest set that reaches as much into the archive again.
set -euo pipefail
cd "$(dirname "$0")"
seconds=${1:-60}
[ $# -gt 0 ] && shift
harnesses=("$@")
[ ${#harnesses[@]} -gt 0 ] || harnesses=(container levelmap pixels graphics safetensors pictures webp roundtrip)

# The symbolizer hangs on Swift programs, and the runtime keeps memory that looks leaked.
export ASAN_OPTIONS=symbolize=0:detect_leaks=0
export MODEL=../testdata/tiny.safetensors
GQIMG_FUZZ=1 swift build --package-path .. --scratch-path .build --product Fuzz -c release --sanitize=fuzzer --sanitize=address \
  -Xswiftc -sanitize-coverage=edge,inline-8bit-counters,pc-table
status=0
for harness in "${harnesses[@]}"; do
  mkdir -p "work/$harness" "work/corpus/$harness"
  [ ! -f "Corpus/$harness.tar.gz" ] || tar -xzf "Corpus/$harness.tar.gz" -C "work/corpus/$harness"
  dictionary=()
  [ -f "Dictionaries/$harness.dict" ] && dictionary=("-dict=Dictionaries/$harness.dict")
  echo "== $harness"
  others=() length=4096
  if [ "$harness" = pictures ]; then others=(../testdata/read ../testdata/refused ../testdata/pngsuite); fi
  if [ "$harness" = safetensors ]; then others=(../testdata/malformed) length=80000; fi
  HARNESS=$harness timeout -s KILL $((seconds + 120)) .build/release/Fuzz \
    "work/$harness" "work/corpus/$harness" "${others[@]}" -max_total_time="$seconds" -max_len="$length" -timeout=20 -rss_limit_mb=2048 \
    -artifact_prefix="work/$harness-" -print_final_stats=1 "${dictionary[@]}" 2>"work/$harness.log" \
    || { status=1; echo "a crash or time-out was found: see Fuzz/work/$harness.log"; tail -n 20 "work/$harness.log"; }
  grep -E 'number_of_executed_units|DONE' "work/$harness.log" || true
done
exit $status
