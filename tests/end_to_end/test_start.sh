#!/bin/sh
# A job that does not get as far as MPI on all ranks ends in a time that is told, and each rank says where it is; one whose
# MPI does not end, when all is done, ends without it; a command without mpirun has no daemon of Open MPI's beside it, and says
# the same in a bare environment.
. "$(dirname "$0")/../lib.sh"
make_text text.txt 20
command=
trap '[ -z "$command" ] || kill -KILL "$command" 2>/dev/null || :; rm -rf "$WORK"' EXIT
${CC:-cc} -shared -fPIC -o hanging_start.so "$ROOT/tests/end_to_end/hanging_start.c" || fail "no shim"

code=0
timeout 60 mpirun -n 3 env LD_PRELOAD="$WORK/hanging_start.so" HANGING_RANK=1 LAMBERT_START_SECONDS=2 \
    ASAN_OPTIONS=verify_asan_link_order=0 "$LAMBERT" vocab --output v.txt --size 100 text.txt >log.txt 2>&1 || code=$?
# (Hydra kills the ranks that have not yet left when the first one does, and takes their signal's number into its own code.)
[ $code = 1 ] || { hydra && [ $code != 0 ] && [ $code != 124 ]; } || { cat log.txt; fail "exit code $code"; }
for rank in 0 1 2; do
    grep -qE "error: rank $rank on $(hostname) made no progress for 0:0[2-9]: starting MPI" log.txt ||
        { cat log.txt; fail "rank $rank does not say where it is"; }
done
hydra && words="-genv LAMBERT_START_SECONDS 1800" || words="-x LAMBERT_START_SECONDS=1800"
grep -q "^warning: no progress for 0:01: starting MPI; at 0:02 the run is ended .longer: mpirun $words)" log.txt ||
    { cat log.txt; fail "no warning"; }
grep -q "the run stands still and is ended.*mpirun $words)" log.txt || { cat log.txt; fail "no word of the end"; }

# What a launcher makes of ranks that leave so is its own.
code=0
timeout 60 mpirun -n 2 env LD_PRELOAD="$WORK/hanging_start.so" ENDLESS_RANK=1 LAMBERT_END_SECONDS=2 \
    ASAN_OPTIONS=verify_asan_link_order=0 "$LAMBERT" vocab --output v.txt --size 100 text.txt >log.txt 2>&1 || code=$?
[ $code != 124 ] || { cat log.txt; fail "it waits for MPI to end"; }
grep -q "^warning: MPI has not ended within LAMBERT_END_SECONDS" log.txt || { cat log.txt; fail "no word of MPI's end"; }
grep -q "^v.txt: 100 entries" log.txt || { cat log.txt; fail "what was said before is lost"; }
[ "$(wc -l <v.txt)" = 100 ] || fail "no whole vocabulary"

# A service or cron gives hardly any variables: no library says more on standard output there.
env -i PATH="$PATH" HOME="$HOME" "$LAMBERT" vocab --output bare.txt --size 100 text.txt >log.txt 2>err.txt ||
    { cat err.txt; fail "vocab in a bare environment"; }
! grep -v '^bare.txt: ' log.txt || fail "it says more in a bare environment"

# Its daemon would be a child of the command.
"$LAMBERT" vocab --output vocab.txt --size 100 text.txt 2>log.txt || { cat log.txt; fail "vocab"; }
mkfifo slow
"$LAMBERT" prep --vocabulary vocab.txt --output prepared - <slow >log.txt 2>&1 &
command=$!
exec 3>slow
awk 'BEGIN { for (i = 0; i < 20000; i++) print "The king saw the river." }' >&3
wait_until 10 test -e prepared/prep.lock || { cat log.txt; fail "prep does not begin"; }
! pgrep -P "$command" || fail "prep has a child: $(ps --no-headers -o args --ppid "$command")"
