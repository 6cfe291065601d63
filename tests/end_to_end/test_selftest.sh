#!/bin/sh
# lambert selftest: all is well here, without mpirun as well; what is not is named, with what to do; its folder goes away.
. "$(dirname "$0")/../lib.sh"
export TMPDIR="$WORK/a folder for it"
mkdir "$TMPDIR"

# outcomes: "ok corpus, ok float32, ..." of what it printed
outcomes() {
    sed -nE 's/^(ok|left out|FAILED) +([a-z0-9]+) .*/\1 \2/p' out.txt | paste -sd,
}

# tested CODE COMMAND...: it ends with CODE
tested() {
    wanted=$1 code=0
    shift
    "$@" >out.txt 2>err.txt </dev/null || code=$?
    [ $code = "$wanted" ] || fail "'$*' ended with $code, not $wanted: $(cat out.txt err.txt)"
}

nothing_left() {
    for name in "$TMPDIR"/lambert-selftest.*; do
        [ ! -e "$name" ] || fail "$name is left"
    done
}

tested 0 "$LAMBERT" selftest
[ "$(outcomes)" = "ok corpus,ok float32,ok bfloat16,ok ranks,ok resume,ok export" ] || fail "it says: $(cat out.txt)"
nothing_left

# Where mpirun is another MPI's, as Debian's alternatives may have it, the own one is found by its own name.
mkdir several
own=mpirun.openmpi other="HYDRA build details:"
! hydra || own=mpirun.mpich other="mpirun (Open MPI) 4.1.4"
printf '#!/bin/sh\nexec "%s" "$@"\n' "$(command -v $own || command -v mpirun)" >several/$own
printf '#!/bin/sh\necho "%s"\n' "$other" >several/mpirun
chmod +x several/mpirun several/$own
tested 0 env PATH="$WORK/several:$PATH" "$LAMBERT" selftest
[ "$(outcomes)" = "ok corpus,ok float32,ok bfloat16,ok ranks,ok resume,ok export" ] || fail "it says: $(cat out.txt)"

# No mpirun; a launcher that is there, has many words and starts one rank; the folder is kept.
mkdir bin
for tool in env sleep; do
    ln -s "$(command -v $tool)" bin/$tool
done
tested 0 env PATH="$WORK/bin" "$LAMBERT" selftest
[ "$(outcomes)" = "ok corpus,ok float32,ok bfloat16,left out ranks,ok resume,ok export" ] || fail "it says: $(cat out.txt)"
mkdir kept
launcher="env A=a@b$(printf ' B%s=b' $(seq 70))"
expect 1 "is not to be trained with" "$LAMBERT" selftest --launcher "$launcher" --folder kept --keep
[ "$(outcomes)" = "ok corpus,ok float32,ok bfloat16,FAILED ranks,ok resume,ok export" ] || fail "it says: $(cat out.txt)"
grep -q "env A=a@b B1=b .* B70=b did not make one run of two ranks" out.txt && grep -q -- "--launcher names another one" out.txt ||
    fail "it says: $(cat out.txt)"
[ -s "$(echo kept/lambert-selftest.*/float32/metrics.jsonl)" ] || fail "the folder was not kept"

# Numbers that are wrong, and a folder that cannot be written.
${CC:-cc} -O1 -fno-builtin -shared -fPIC -o wrong_logarithms.so "$ROOT/tests/end_to_end/wrong_logarithms.c" || fail "no shim"
expect 1 "is not to be trained with" \
    env LD_PRELOAD="$WORK/wrong_logarithms.so" ASAN_OPTIONS=verify_asan_link_order=0 "$LAMBERT" selftest
[ "$(outcomes)" = "ok corpus,FAILED float32" ] || fail "it says: $(cat out.txt)"
grep -q "step 1 has the losses .*, not 5.1118" out.txt && grep -q "LAMBERT_ISA=plain lambert selftest" out.txt ||
    fail "it says: $(cat out.txt)"
expect 1 "cannot make a folder in /no/such/folder" "$LAMBERT" selftest --folder /no/such/folder
expect 1 "to be started once, not by Open MPI's mpirun" \
    env OMPI_COMM_WORLD_SIZE=1 OMPI_COMM_WORLD_RANK=0 "$LAMBERT" selftest
nothing_left

# Under nohup it goes on when its terminal is gone. It is told to end: what it runs ends with it, and the folder goes away.
(trap '' HUP && exec "$LAMBERT" selftest >out.txt 2>err.txt) &
wait_until 20 grep -q corpus out.txt || fail "it does not begin"
kill -HUP $!
wait_until 20 grep -q float32 out.txt || fail "a SIGHUP that is ignored ends it: $(cat out.txt err.txt)"
kill -TERM $!
code=0
wait $! || code=$?
[ $code = 1 ] && grep -q "stopped by a signal" err.txt || fail "exit code $code: $(cat out.txt err.txt)"
nothing_left
! pgrep -f "$TMPDIR" >/dev/null || fail "a command goes on: $(pgrep -af "$TMPDIR")"
