#!/bin/sh
# Installs lichen: from the release that this script is in, from a tarball, or from what a checkout has built.
#   install.sh [--prefix FOLDER] [TARBALL]    FOLDER/bin/lichen and FOLDER/libexec/lichen; /usr/local for root, else ~/.local
#   install.sh --uninstall [--prefix FOLDER]  takes them away; images and containers stay
set -eu

say() { printf 'install: %s\n' "$*"; }
die() { printf 'install: %s\n' "$1" >&2; [ $# -lt 2 ] || printf 'hint: %s\n' "$2" >&2; exit 1; }

prefix= tarball= uninstall=
while [ $# -gt 0 ]; do
  case $1 in
    --prefix) [ $# -ge 2 ] || die '--prefix needs a folder'; prefix=$2; shift ;;
    --prefix=*) prefix=${1#*=} ;;
    --uninstall) uninstall=1 ;;
    --help | -h) sed -n '2,4s/^# \{0,1\}//p' "$0"; exit 0 ;;
    -*) die "unknown option: $1" 'install.sh --help' ;;
    *) [ -z "$tarball" ] || die 'one tarball at a time'; tarball=$1 ;;
  esac
  shift
done
if [ -z "$prefix" ]; then
  if [ "$(id -u)" = 0 ]; then prefix=/usr/local; else prefix=$HOME/.local; fi
fi

if [ -n "$uninstall" ]; then
  rm -rf "$prefix/bin/lichen" "$prefix/libexec/lichen"
  say "lichen is gone from $prefix"
  exit 0
fi

# --- where it comes from ----------------------------------------------------------------------------------------------

here=$(cd "$(dirname "$0")" && pwd)
unpacked=
trap '[ -z "$unpacked" ] || rm -rf "$unpacked"' EXIT
if [ -n "$tarball" ]; then
  [ -e "$tarball" ] || die "$tarball is not there"
  if [ -e "$tarball.sha256" ]; then
    wanted=$(cut -d ' ' -f 1 "$tarball.sha256")
    found=$(sha256sum "$tarball" | cut -d ' ' -f 1)
    [ "$wanted" = "$found" ] || die "$tarball is not what $tarball.sha256 says" 'download it again'
  fi
  unpacked=$(mktemp -d)
  tar -xzf "$tarball" -C "$unpacked" --strip-components=1 || die "$tarball can't be unpacked"
  bin=$unpacked/bin/lichen libexec=$unpacked/libexec/lichen
elif [ -e "$here/bin/lichen" ]; then
  bin=$here/bin/lichen libexec=$here/libexec/lichen
else
  bin=$here/../dist/lichen libexec=$here/../dist/libexec/lichen
fi
for file in "$bin" "$libexec/lichen" "$libexec/lichen-runtime" "$libexec/lichen.node"; do
  [ -e "$file" ] || die "$file is missing" 'name the tarball of a release, or build: npm run build:standalone'
done

# --- where it goes ----------------------------------------------------------------------------------------------------

mkdir -p "$prefix/bin" "$prefix/libexec/lichen" || die "$prefix can't be written" 'another --prefix, or as root'
# Renamed into place: a container that runs has the old file open. The launcher comes last.
put() {
  cp "$1" "$2.new"
  chmod 755 "$2.new"
  mv -f "$2.new" "$2"
}
for file in lichen-runtime lichen.node lichen; do put "$libexec/$file" "$prefix/libexec/lichen/$file"; done
put "$bin" "$prefix/bin/lichen"

"$prefix/bin/lichen" version >/dev/null || die "$prefix/bin/lichen does not run here"
say "$prefix/bin/lichen"
case ":$PATH:" in
  *":$prefix/bin:"*) ;;
  *) say "$prefix/bin is not in PATH" ;;
esac
# What the host has to have; all of it is in every distribution.
for pair in newuidmap=uidmap slirp4netns=slirp4netns; do
  program=${pair%=*}
  command -v "$program" >/dev/null || [ -x "/usr/sbin/$program" ] || say "$program is not installed (Debian: ${pair#*=}); lichen info tells what is lost without it"
done
