#!/bin/sh
# scripts/clean-shared-memory removes segments that nobody maps, and nothing else.
. "$(dirname "$0")/../lib.sh"
mkdir shm
old() {
    head -c 1000 /dev/zero >"shm/$1"
    touch -d '5 minutes ago' "shm/$1"
}
old vader_segment.host.0.1.0
old vader_segment.host.0.1.1
old sm_segment.host.0.1.2
old something.else
old vader_segment.host.0.1.3
head -c 1000 /dev/zero >shm/vader_segment.host.0.1.4 # has just been made
ln -s ../kept shm/vader_segment.link
echo kept >kept
python3 -c 'import mmap, sys, time
file = open("shm/vader_segment.host.0.1.3", "r+b")
map = mmap.mmap(file.fileno(), 0)
file.close()
open("mapped", "w")
time.sleep(600)' &
user=$!
trap 'kill -KILL $user 2>/dev/null || :; rm -rf "$WORK"' EXIT
wait_until 10 test -e mapped || fail "nothing is mapped"
touch -d '5 minutes ago' shm/vader_segment.host.0.1.3
"$ROOT/scripts/clean-shared-memory" shm >said.txt || fail "exit code $?"
grep -q ": 3 segment(s) of killed ranks, 0 MB, removed from shm" said.txt || { cat said.txt; fail "not three"; }
[ "$(ls shm | tr '\n' ' ')" = "something.else vader_segment.host.0.1.3 vader_segment.host.0.1.4 vader_segment.link " ] ||
    fail "left: $(ls shm)"
"$ROOT/scripts/clean-shared-memory" shm >said.txt
[ ! -s said.txt ] || fail "it speaks of nothing"
