#!/bin/sh
# Backs up a directory, and says how long that took, how large the result is, and when it failed.
#
#	backup.sh DIRECTORY ARCHIVE
#
# It needs zibrato in the PATH. The exit status is tar's, whether or not anybody listens: measurements never break a script.
set -u
directory=${1:?usage: backup.sh DIRECTORY ARCHIVE}
archive=${2:?usage: backup.sh DIRECTORY ARCHIVE}

zibrato time --source "$(hostname)" backup -- tar -cf "$archive" -C "$directory" .
status=$?
if [ "$status" -eq 0 ]; then
	zibrato send --source "$(hostname)" gauge backup.bytes "$(wc -c <"$archive")" || true
else
	zibrato send --source "$(hostname)" --level error counter backup.failed 1 || true
fi
exit "$status"
