#!/bin/sh
# Checks for what building and testing need, and installs what is missing: a C compiler, pkg-config, libzmq, for the
# tests of interoperation pyzmq for the system's Python and, for the conservation harness on Linux, iptables. Silent when all is there. Its arguments name what is wanted besides: spin, zsh, fish.
#
# Installing takes root, or sudo without a password. Otherwise it prints the one command to run, and fails.
set -eu

zmq_version=4.3.3 # older ones can be brought down by their peers
go_version=1.26

have() { command -v "$1" >/dev/null 2>&1; }

check_go() {
	if ! have go; then
		echo "setup: Go $go_version or newer is needed and not in PATH: https://go.dev/doc/install" >&2
		exit 1
	fi
	version=$(go env GOVERSION) # go1.26.1, or devel go1.27-...
	minor=$(printf '%s\n' "$version" | sed -n 's/.*go1\.\([0-9][0-9]*\).*/\1/p')
	if [ -n "$minor" ] && [ "$minor" -lt "${go_version#1.}" ]; then
		echo "setup: Go $go_version or newer is needed, this is $version: https://go.dev/doc/install" >&2
		exit 1
	fi
}

# python is the interpreter that the tests of interoperation run.
python=/usr/bin/python3

missing() {
	have cc || have gcc || have clang || echo cc
	if ! have pkg-config; then
		echo pkg-config libzmq
	elif ! pkg-config --atleast-version=$zmq_version libzmq; then
		echo libzmq
	fi
	"$python" -c 'import zmq' >/dev/null 2>&1 || echo python3-zmq
	if [ "$(uname -s)" = Linux ] && ! (PATH=$PATH:/usr/sbin:/sbin; have iptables); then
		echo iptables
	fi
	for besides in "$@"; do
		have "$besides" || echo "$besides"
	done
}

# package names the package that brings what is missing.
package() {
	case $1:$2 in
	*:iptables) echo iptables ;;
	*:zsh) echo zsh ;;
	*:fish) echo fish ;;
	apt:cc) echo gcc libc6-dev ;;
	apt:libzmq) echo libzmq3-dev ;;
	apt:pkg-config) echo pkg-config ;;
	apt:python3-zmq) echo python3-zmq ;;
	apt:spin) echo spin ;;
	dnf:cc) echo gcc ;;
	dnf:libzmq) echo zeromq-devel ;;
	dnf:pkg-config) echo pkgconf-pkg-config ;;
	dnf:python3-zmq) echo python3-zmq ;;
	apk:cc) echo gcc musl-dev ;;
	apk:libzmq) echo zeromq-dev ;;
	apk:pkg-config) echo pkgconf ;;
	apk:python3-zmq) echo python3 py3-pyzmq ;;
	brew:cc) ;; # comes with xcode-select --install, without which there is no brew
	brew:libzmq) echo zeromq ;;
	brew:pkg-config) echo pkgconf ;;
	brew:spin) echo spin ;;
	brew:python3-zmq) ;; # the system's Python is not brew's to extend; its tests are for Linux
	esac
}

manager() {
	if have apt-get; then
		echo apt
	elif have dnf; then
		echo dnf
	elif have apk; then
		echo apk
	elif have brew; then
		echo brew
	fi
}

# command_for is what installs the packages, to be run by sh as root; by the user for brew.
command_for() {
	manager=$1
	shift
	case $manager in
	apt) echo "apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 install -y -qq --no-install-recommends $*" ;;
	dnf) echo "dnf install -y -q $*" ;;
	apk) echo "apk add -q $*" ;;
	brew) echo "brew install -q $*" ;;
	esac
}

check_go
wanted=$(missing "$@")
[ -n "$wanted" ] || exit 0

manager=$(manager)
packages=
for thing in $wanted; do
	packages="$packages $(package "$manager" "$thing")"
done
packages=$(echo $packages) # words, one space between them
if [ -z "$manager" ]; then
	echo "setup: missing: $(echo $wanted). Found none of apt, dnf, apk and brew: install them by hand (libzmq $zmq_version or newer)" >&2
	exit 1
fi
[ -n "$packages" ] || exit 0
install=$(command_for "$manager" $packages)

if [ "$manager" = brew ] || [ "$(id -u)" = 0 ]; then
	echo "setup: installing $packages"
	sh -c "$install"
elif have sudo && sudo -n true 2>/dev/null; then
	echo "setup: installing $packages"
	sudo -n sh -c "$install"
else
	echo "setup: missing: $(echo $wanted). Run this, then try again:" >&2
	echo "sudo sh -c '$install'" >&2
	exit 1
fi

wanted=$(missing "$@")
for thing in $wanted; do
	if [ -n "$(package "$manager" "$thing")" ]; then
		echo "setup: still missing after the installation: $(echo $wanted) (libzmq must be $zmq_version or newer)" >&2
		exit 1
	fi
done
