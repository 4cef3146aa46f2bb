#!/usr/bin/env bash
# The decoder as Embedded Swift: portable/build.sh wasm|aarch64 FOLDER. The same sources as the native build, without threads,
# files and encoder. Makes FOLDER/gqdecode.wasm or FOLDER/gqdecode-aarch64.
set -euo pipefail
kind=$1 out=$2
root=$(cd "$(dirname "$0")/.." && pwd)
tools=$(dirname "$(readlink -f "$(command -v swiftc)")")
mkdir -p "$out/objects"
cd "$root"

case $kind in
wasm)
  triple=wasm32-unknown-none-wasm
  c=(--target=wasm32-unknown-none -O2 -msimd128 -mbulk-memory -ffreestanding -Iportable/libc/include) ;;
aarch64)
  triple=aarch64-none-none-elf
  c=(--target=aarch64-linux-gnu -O2 -I/usr/aarch64-linux-gnu/include) ;;
*) echo "usage: portable/build.sh wasm|aarch64 FOLDER" >&2; exit 64 ;;
esac

cat > "$out/module.modulemap" <<EOF
module CGQKernels { umbrella "$root/Sources/CKernels/include" export * }
module CGQSHA256 { header "$root/Sources/CSHA256/include/CSHA256.h" export * }
EOF

# module NAME FILES: a Swift module and its object.
module() {
  local name=$1
  shift
  "$tools/swiftc" -Osize -wmo -parse-as-library -swift-version 6 -target "$triple" \
    -enable-experimental-feature Embedded -enable-experimental-feature Extern \
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault \
    -enable-upcoming-feature MemberImportVisibility -package-name gqimg -module-name "$name" \
    -Xcc "-fmodule-map-file=$out/module.modulemap" -Xcc -ffreestanding "${swift_flags[@]}" -I "$out" \
    -emit-module -emit-module-path "$out/$name.swiftmodule" -c "$@" -o "$out/objects/$name.o"
}
swift_flags=()
[ "$kind" = aarch64 ] && swift_flags=(-Xcc -I/usr/aarch64-linux-gnu/include -Xcc --target=aarch64-linux-gnu) || swift_flags=(-Xcc "-I$root/portable/libc/include")

for file in Sources/CKernels/*.c Sources/CSHA256/*.c; do
  "$tools/clang" "${c[@]}" -ISources/CKernels/include -ISources/CSHA256/include -c "$file" -o "$out/objects/$(basename "$file").o" &
done
wait

all() { find "$1" -name '*.swift' | sort; }
module GaussianQuant Sources/GaussianQuant/{GaussianQuantError,NormalQuantile,Philox,Trellis,TrellisSearch}.swift
module GQBitstream $(all Sources/Bitstream)
module GQModel $(all Sources/Model | grep -v /Platform/)
module GQCodec $(all Sources/Codec | grep -Ev '/(Tokens|Allocation|Library)/|[+]Encoding|/(GQEncoder|PictureEncoding|PictureFeatures|CodingPass|Encoding[A-Z][a-z]*|GraphicsCandidates|GraphicsPixels|GraphicsAreas|CodedGraphics|RepeatedPixels|LosslessEncoder|Attachments|NeutralRows|PictureSource|Picture[+]TransparentFill)[.]swift')
module gqdecode portable/Decode.swift

if [ "$kind" = wasm ]; then
  "$tools/clang" "${c[@]}" -c portable/libc/libc.c -o "$out/objects/libc.o"
  "$tools/wasm-ld" -error-limit=0 --no-entry --export-dynamic --gc-sections --strip-all -z stack-size=1048576 \
    $(sed -n 's/^@_cdecl("\(.*\)")$/--export=\1/p' portable/Decode.swift) \
    "$out"/objects/*.o "$(dirname "$tools")/lib/swift/embedded/$triple/libswiftUnicodeDataTables.a" \
    -o "$out/gqdecode.wasm"
else
  "$tools/clang" "${c[@]}" -c portable/main.c -o "$out/objects/main.o"
  gcc=$(ls -d /usr/lib/gcc-cross/aarch64-linux-gnu/* | tail -n 1) lib=/usr/aarch64-linux-gnu/lib
  "$tools/ld.lld" -static --gc-sections -o "$out/gqdecode-aarch64" $lib/crt1.o $lib/crti.o "$out"/objects/*.o \
    "$(dirname "$tools")/lib/swift/embedded/$triple/libswiftUnicodeDataTables.a" \
    --start-group $lib/libm.a $lib/libc.a "$gcc/libgcc.a" "$gcc/libgcc_eh.a" --end-group $lib/crtn.o
fi
