#!/bin/sh
# Brings the receiving programs that the tests in servers/ start: Prometheus and promtool, statsd_exporter, statsd, carbon and VictoriaMetrics.
# Says what it does, does nothing twice, and names what it could not bring: the tests of that are skipped. With ZIBRATO_SERVERS=required it
# fails then, which is what continuous integration wants.
#
# What is built or fetched goes to ZIBRATO_SERVERS_DIR, by default zibrato-servers in the user's cache: 300 MB, most of it Prometheus, which takes
# four minutes to build on two cores. The rest are Debian packages, which take root, or sudo without a password.
set -u

prometheus=v0.316.0
statsd_exporter=v0.31.0
statsd=0.9.0
home=${ZIBRATO_SERVERS_DIR:-${XDG_CACHE_HOME:-$HOME/.cache}/zibrato-servers}
bin=$home/bin
lacking=

have() { command -v "$1" >/dev/null 2>&1 || [ -x "/usr/bin/$1" ]; }
say() { echo "servers: $*"; }
lack() {
	say "could not bring $1"
	lacking="$lacking $1"
}

# built reports whether a program is there in the version wanted of its module.
built() {
	go version -m "$bin/$1" 2>/dev/null | grep -q "^	mod	$2	$3	"
}

# build installs programs of a module, each main package a word, with GOFLAGS of its own.
build() {
	module=$1 version=$2 flags=$3
	shift 3
	wanted=
	for main in "$@"; do
		built "$(basename "$main")" "$module" "$version" || wanted="$wanted $main@$version"
	done
	[ -n "$wanted" ] || return 0
	say "building$wanted"
	mkdir -p "$bin"
	# Outside of the workspace, whose versions are not theirs; without cgo, since nothing of them needs it.
	(cd "$bin" && GOBIN=$bin GOWORK=off GOFLAGS= CGO_ENABLED=0 go install -trimpath $flags $wanted) || lack "$module"
}

packages() {
	have carbon-cache || echo graphite-carbon
	/usr/bin/python3 -c 'import whisper' >/dev/null 2>&1 || echo python3-whisper
	have victoria-metrics || echo victoria-metrics
	have node || echo nodejs
	have npm || echo npm
}

install_packages() {
	wanted=$(echo $(packages))
	[ -n "$wanted" ] || return 0
	as=
	if ! have apt-get; then
		say "no apt-get to install $wanted with"
	elif [ "$(id -u)" != 0 ] && ! { as="sudo -n" && have sudo && sudo -n true 2>/dev/null; }; then
		say "root has to: apt-get install $wanted"
	else
		say "installing $wanted"
		# A daemon that its package starts would be none of the tests'.
		$as sh -c "apt-get update -qq && DEBIAN_FRONTEND=noninteractive RUNLEVEL=1 apt-get install -y -qq --no-install-recommends $wanted" >/dev/null ||
			say "apt-get failed"
	fi
	for package in $(packages); do
		lack "$package"
	done
}

fetch_statsd() {
	grep -q "\"version\": \"$statsd\"" "$home/statsd/node_modules/statsd/package.json" 2>/dev/null && return 0
	have npm || return 0 # named already
	say "fetching statsd $statsd"
	mkdir -p "$home/statsd"
	npm install --silent --no-audit --no-fund --ignore-scripts --omit=optional --prefix "$home/statsd" "statsd@$statsd" >/dev/null || lack statsd
}

install_packages
fetch_statsd
build github.com/prometheus/statsd_exporter $statsd_exporter "" github.com/prometheus/statsd_exporter
# Without service discovery, which is most of Prometheus.
build github.com/prometheus/prometheus $prometheus "-tags=netgo,remove_all_sd" \
	github.com/prometheus/prometheus/cmd/prometheus github.com/prometheus/prometheus/cmd/promtool

if [ -n "$lacking" ]; then
	say "not there:$lacking; the tests that need them are skipped"
	[ "${ZIBRATO_SERVERS:-}" != required ] || exit 1
fi
