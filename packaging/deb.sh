#!/usr/bin/env bash
# Makes a Debian package of a built program: deb.sh BUILD-FOLDER OUTPUT-FOLDER
set -euo pipefail
build=$1
output=$2
here=$(cd "$(dirname "$0")" && pwd)
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"

# Who answers for the package: MAINTAINER, or who made the last commit.
maintainer=${MAINTAINER:-$(git -C "$here" log -1 --format='%an <%ae>' 2>/dev/null || true)}
[ -n "$maintainer" ] || { echo "deb.sh: set MAINTAINER to 'Name <address>'" >&2; exit 64; }

version=$("$build/gqimg" --version | sed -E 's/^gqimg ([^,]+),.*/\1/')
architecture=$(dpkg --print-architecture)
"$here/install.sh" "$build" /usr "$root"
strip --strip-unneeded "$root/usr/bin/gqimg"
install -D -m 644 "$here/../CHANGELOG.md" "$root/usr/share/doc/gqimg/changelog.md"
gzip -9n "$root/usr/share/doc/gqimg/changelog.md"
install -D -m 644 "$here/copyright" "$root/usr/share/doc/gqimg/copyright"

# What the program is linked with, as packages and the versions they need; the Swift runtime is in it.
mkdir -p "$root/DEBIAN" "$root/debian"
printf 'Source: gqimg\n\nPackage: gqimg\nArchitecture: any\n' >"$root/debian/control"
depends=$(cd "$root" && dpkg-shlibdeps -O --ignore-missing-info usr/bin/gqimg 2>/dev/null | sed 's/^shlibs:Depends=//')
rm -rf "$root/debian"
cat >"$root/DEBIAN/control" <<EOF
Package: gqimg
Version: $version-1
Architecture: $architecture
Maintainer: $maintainer
Installed-Size: $(du -sk --exclude=DEBIAN "$root" | cut -f1)
Depends: $depends
Recommends: shared-mime-info
Section: graphics
Priority: optional
Description: learned image codec whose file sizes are known beforehand
 gqimg compresses photographs into .gqz files with a small neural network and
 codes of fixed length: byte targets are exact, damage stays local. With
 manual pages, completions, a MIME type and a thumbnailer.
EOF
(cd "$root" && find usr -type f -print0 | sort -z | xargs -0 md5sum) >"$root/DEBIAN/md5sums"
mkdir -p "$output"
dpkg-deb --root-owner-group --build "$root" "$output/gqimg_$version-1_$architecture.deb"
