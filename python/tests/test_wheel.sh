#!/usr/bin/env bash
# Installs the wheel in a fresh environment, away from the sources, encodes and decodes there, and checks what the wheel
# holds: test_wheel.sh FOLDER PYTHON
set -euo pipefail
wheel=$(realpath "$(ls -t "$1"/gqimg-*.whl | head -n 1)")
python=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0
check() { # what, command ...
  local what=$1
  shift
  if ! "$@" >"$work/output" 2>&1; then
    echo "FAILED  $what"
    cat "$work/output"
    exit 1
  fi
  echo "ok      $what"
  passed=$((passed + 1))
}

bytes=$(stat -c %s "$wheel")
check "at most 12 MB: $bytes bytes" [ "$bytes" -le 12000000 ]
check "a manylinux tag: $(basename "$wheel")" grep -q 'py3-none-manylinux' <<<"$wheel"
"$python" -m zipfile -l "$wheel" >"$work/list"
check "no Foundation, no ICU, no Swift library beside it" bash -c "! grep -Ei 'foundation|icu|libswift|libdispatch' '$work/list'"
check "the Apache, Swift, Sobol and libwebp licences" bash -c \
  "grep -q 'dist-info/.*joe-kuo' '$work/list' && grep -q 'dist-info/.*LICENSE' '$work/list' && grep -q 'dist-info/.*swift-runtime' '$work/list' && grep -q 'dist-info/.*libwebp' '$work/list'"
check "types and weights" bash -c "grep -q gqimg/py.typed '$work/list' && [ \$(grep -c safetensors '$work/list') = 1 ]"

"$python" -m venv "$work/venv"
check "installs" "$work/venv/bin/pip" install --quiet "$wheel" pillow
cat >"$work/try.py" <<'EOF'
import io, re, subprocess, sys
import gqimg, numpy
from PIL import Image

y, x = numpy.mgrid[:200, :300]
picture = numpy.stack([x % 256, y, (x + y) // 2], -1).astype(numpy.uint8)
for tune in ("visual", "psnr"):
    data = gqimg.encode(picture, size=4000, tune=tune)
    assert len(data) <= 4000 and gqimg.verify(data) == []
    assert numpy.mean((gqimg.decode(data).astype(float) - picture) ** 2) < 60
assert gqimg.tokens(data).to_file() == data
assert gqimg.GaussianQuant(3, 128, codebook="sobol").codebook.shape == (128, 3)
assert Image.open(io.BytesIO(data)).size == (300, 200)
assert gqimg.version() == gqimg.__version__ == __import__("importlib.metadata").metadata.version("gqimg")
mapped = {line.split()[-1] for line in open("/proc/self/maps") if "/" in line}
assert not [path for path in mapped if re.search("Foundation|libswift|libdispatch", path)], mapped
EOF
check "encodes, decodes, verifies, registers with Pillow" env -C / "$work/venv/bin/python" -I "$work/try.py"
check "stripped" bash -c '! nm "$0" 2>/dev/null | grep -q .' "$(find "$work/venv" -name libgqimgc.so)"
echo "wheel: $passed passed, 0 failed"
