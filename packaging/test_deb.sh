#!/usr/bin/env bash
# Installs the Debian package in a bare Debian 12 and uses it there: test_deb.sh PACKAGE.deb BUILD-FOLDER
# Needs root, debootstrap and a Debian mirror. BUILD-FOLDER has the program for install.sh, tried there too. ROOT may name
# a folder that debootstrap has filled; it is changed.
set -euo pipefail
package=$(realpath "$1")
build=$(realpath "$2")
here=$(cd "$(dirname "$0")" && pwd)
[ "$(id -u)" = 0 ] || { echo "test_deb.sh: needs root for chroot" >&2; exit 1; }

work=$(mktemp -d)
root=${ROOT:-$work/root}
finish() {
  ! mountpoint -q "$root/proc" || umount "$root/proc"
  rm -rf "$work"
}
trap finish EXIT
[ -n "${ROOT:-}" ] || debootstrap --variant=minbase bookworm "$root" >"$work/debootstrap.log" \
  || { tail "$work/debootstrap.log" >&2; exit 1; }
mountpoint -q "$root/proc" || mount -t proc proc "$root/proc"

failed=0
check() { # what, command ...
  local what=$1
  shift
  if "$@" >"$work/output" 2>&1; then
    echo "ok      $what"
  else
    echo "FAILED  $what"
    sed 's/^/        /' "$work/output"
    failed=1
  fi
}
inside() { chroot "$root" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 \
  DEBIAN_FRONTEND=noninteractive bash -c 'cd /try && eval "$1"' bash "$1"; }

mkdir -p "$root/try"
cp "$here/../testdata/sample.png" "$root/try/"
cp "$package" "$root/try/gqimg.deb"

# The program with no more than its dependencies, then what looks at the rest.
check "the package installs" inside "apt-get update -qq && apt-get install -y -qq --no-install-recommends ./gqimg.deb"
use() { # program
  check "$1 --version names both models" inside "$1 --version | grep -Eq 'model [0-9a-f]{16} \(visual\), model [0-9a-f]{16} \(psnr\)'"
  for tune in visual psnr; do
    check "$1 compress --tune $tune" inside "$1 compress --force --tune $tune --bpp 0.5 sample.png $tune.gqz && [ \$(stat -c %s $tune.gqz) -le 15000 ]"
    check "$1 decompress, $tune" inside "$1 decompress --force $tune.gqz $tune.png && [ \$(od -An -tx1 -j1 -N3 $tune.png | tr -d ' ') = 504e47 ]"
    check "$1 info, $tune" inside "$1 info $tune.gqz | grep -q '600 x 400'"
    check "$1 verify, $tune" inside "$1 verify $tune.gqz | grep -q intact"
  done
}
use gqimg

check "helpers install" inside "apt-get install -y -qq --no-install-recommends man-db file shared-mime-info libglib2.0-bin bash-completion"
for page in gqimg gqimg-compress gqimg-decompress gqimg-info gqimg-verify gqimg-report gqimg-tokens; do
  check "man $page" inside "man --warnings $page 2>problems | grep -q SYNOPSIS && [ ! -s problems ]"
done
check "completion in bash" inside '. /usr/share/bash-completion/bash_completion && _completion_loader gqimg; complete -p gqimg'
check "completions for zsh and fish" inside "[ -s /usr/share/zsh/vendor-completions/_gqimg ] && [ -s /usr/share/fish/vendor_completions.d/gqimg.fish ]"
check "file" inside "file -m /usr/share/gqimg/gqimg.magic psnr.gqz | grep -q 'gqimg picture, version 1'"
check "MIME type by name" inside "gio info -a standard::content-type psnr.gqz | grep -q image/x-gqz"
check "MIME type by content" inside "cp psnr.gqz nameless && gio info -a standard::content-type nameless | grep -q image/x-gqz"
thumbnail() {
  local line
  line=$(sed -n 's/^Exec=//p' "$root/usr/share/thumbnailers/gqimg.thumbnailer")
  line=${line//%s/128} line=${line//%i/psnr.gqz} line=${line//%o/thumbnail}
  : >"$root/try/thumbnail"
  inside "$line && file thumbnail | grep -q 'PNG image data, 128 x 85'"
}
check "thumbnailer" thumbnail
check "documents" inside "[ -s /usr/share/doc/gqimg/copyright ] && zcat /usr/share/doc/gqimg/changelog.md.gz | grep -q Changelog"

check "the package goes" inside "apt-get purge -y -qq gqimg && [ -z \"\$(find / -xdev -path /proc -prune -o -path /try -prune -o -path /var/cache/man -prune -o -iname '*gqimg*' -print)\" ]"

# The same from `make install`, elsewhere; what it is linked with is still there.
check "install.sh" "$here/install.sh" "$build" /opt/gqimg "$root"
use /opt/gqimg/bin/gqimg
check "man page under a prefix" inside "man -M /opt/gqimg/share/man gqimg | grep -q SYNOPSIS"
exit $failed
