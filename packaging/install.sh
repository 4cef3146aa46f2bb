#!/usr/bin/env bash
# Puts a built program with all that belongs to it under PREFIX: install.sh BUILD-FOLDER PREFIX [DESTDIR]
set -euo pipefail
build=$1
prefix=$2
root=${3:-}$prefix
here=$(cd "$(dirname "$0")" && pwd)
program=$build/gqimg

install -D -m 755 "$program" "$root/bin/gqimg"
for weights in "$build"/gqimg_GQModel.resources/Resources/*.safetensors; do
  install -D -m 644 "$weights" "$root/share/gqimg/$(basename "$weights")"
done
install -D -m 644 "$here/gqimg.magic" "$root/share/gqimg/gqimg.magic"
install -D -m 644 "$here/gqimg.xml" "$root/share/mime/packages/gqimg.xml"
install -D -m 644 "$here/gqimg.thumbnailer" "$root/share/thumbnailers/gqimg.thumbnailer"

pages=$(mktemp -d)
trap 'rm -rf "$pages"' EXIT
"${PYTHON:-python3}" "$here/manual.py" "$program" "$pages"
for page in "$pages"/*.1; do
  gzip -9n "$page"
  install -D -m 644 "$page.gz" "$root/share/man/man1/$(basename "$page").gz"
done

completions() {
  "$program" --generate-completion-script "$1" >"$pages/completion"
  install -D -m 644 "$pages/completion" "$root/share/$2"
}
completions bash bash-completion/completions/gqimg
zsh=site-functions
[ "$prefix" != /usr ] || zsh=vendor-completions
completions zsh "zsh/$zsh/_gqimg"
completions fish fish/vendor_completions.d/gqimg.fish

# A package's own triggers do this; outside of packages it is done here.
if [ -z "${3:-}" ] && command -v update-mime-database >/dev/null; then
  update-mime-database "$root/share/mime"
fi
