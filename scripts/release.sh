#!/bin/sh
# Makes an archive of the program for the platform that it runs on, in dist/, with what goes with it and its checksum. The version is
# VERSION, or what git says; DIST is another place than dist/. Two runs at the same commit with the same tools make the same archive, where tar is GNU's.
set -eu
cd "$(dirname "$0")/.."

version=${VERSION:-$(git describe --tags --always --dirty)}
commit=$(git rev-parse HEAD)
platform=$(go env GOOS)-$(go env GOARCH)
name=zibrato-${version#v}-$platform
dist=${DIST:-dist}
export GOFLAGS="${GOFLAGS--trimpath}"
stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
dir=$stage/$name

mkdir -p "$dir/completions" "$dir/licences" "$dist"
go build -buildvcs=false -ldflags "-s -w -X main.release=$version -X main.commit=$commit" -o "$dir/zibrato" ./cmd/zibrato
cp LICENSE README.md CHANGELOG.md "$dir"
cp -r deploy "$dir/deploy"
"$dir/zibrato" completions bash >"$dir/completions/zibrato.bash"
"$dir/zibrato" completions zsh >"$dir/completions/_zibrato"
"$dir/zibrato" completions fish >"$dir/completions/zibrato.fish"

# The licences of what is linked in ask to come with it.
(cd cmd/zibrato && go list -deps -f '{{with .Module}}{{.Path}} {{.Dir}}{{end}}' .) | sort -u | while read -r module from; do
	case $module in github.com/zibrato/*) continue ;; esac
	for file in "$from"/LICENSE* "$from"/COPYING* "$from"/NOTICE*; do
		[ ! -f "$file" ] || cp "$file" "$dir/licences/$(echo "$module" | tr / -)-$(basename "$file")"
	done
done
chmod -R u+rwX,go+rX,go-w "$dir"

cat >"$dir/INSTALL.txt" <<EOF
$("$dir/zibrato" version)

What is needed: libzmq 4.3.3 or newer. Debian, Ubuntu: apt install libzmq5. Fedora: dnf install zeromq. Alpine: not with this archive, whose
C library is another. Then

    install -m 755 zibrato /usr/local/bin/zibrato
    zibrato version

deploy/README.md goes on with systemd and supervisord. completions/ has scripts for shells, licences/ the licences of what the program is made
with beside its own, LICENSE.
EOF

archive=$dist/$name.tar.gz
if tar --version 2>/dev/null | grep -q GNU; then
	tar -C "$stage" --sort=name --mtime="@$(git log -1 --format=%ct)" --owner=0 --group=0 --numeric-owner -cf - "$name" | gzip -9n >"$archive"
else
	tar -C "$stage" -cf - "$name" | gzip -9n >"$archive"
fi
(cd "$dist" && { sha256sum "$name.tar.gz" 2>/dev/null || shasum -a 256 "$name.tar.gz"; } >"$name.tar.gz.sha256")
echo "$archive"
