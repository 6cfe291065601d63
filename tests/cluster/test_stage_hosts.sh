#!/bin/sh
# data.stage_folder on three hosts of two ranks, each with a disk of its own: every host has one copy, whole, which its ranks
# and no others read; the numbers are those of a run without; and each host's copy is gone at the end, after a signal, and
# after a failure on another host. What a host that died has left, the next run there removes.
. "$(dirname "$0")/lib.sh"
hosts_up 3 100 1gbit
make_corpus >/dev/null
printf 'h0 slots=2\nh1 slots=2\nh2 slots=2\n' >two-each
mkdir scratch
for host in $host_names; do
    in_host "$host" mount -t tmpfs tmpfs "$PWD/scratch"
done
long="phase.one.steps=1000000 train.checkpoint_every=0"
short="phase.one.steps=6 phase.two.steps=2"
job=''

# staged FOLDER WORDS...: a run on all hosts
staged() {
    staged_folder=$1
    shift
    on_hosts two-each --bind-to none "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
        run.folder="$staged_folder" data.stage_folder=scratch --stopped-code 75 "$@"
}

# copies HOST: its folders of copies, and all else that lies on its disk
copies() {
    in_host "$1" ls scratch
}

empty() {
    for host in $host_names; do
        [ -z "$(copies "$host")" ] || fail "$1: on $host there is $(copies "$host")"
    done
}

strides() {
    [ "$(field total_step "$folder" 2>/dev/null | wc -l)" -gt 3 ] || ! kill -0 $job 2>/dev/null
}

# begin FOLDER: a run in its stride, which is $job
begin() {
    folder=$1
    # shellcheck disable=SC2086
    staged "$folder" $long >"$folder.log" 2>&1 &
    job=$!
    wait_for 90 "$folder.log" "steps of $folder" strides
    kill -0 $job || { cat "$folder.log"; fail "$folder: it has ended"; }
}

# --- to its end ----------------------------------------------------------------------------------------

# shellcheck disable=SC2086
staged with $short >with.log 2>&1 || { cat with.log; fail "with copies"; }
grep -q "^6 rank(s) on 3 node(s)" with.log || fail "not three hosts: $(grep 'node(s)' with.log)"
[ "$(grep -c "the corpora are on the hosts' disks, and checked" with.log)" = 1 ] || fail "no word of the copies"
empty "a run to its end"
# shellcheck disable=SC2086
on_hosts two-each --bind-to none "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=without $short \
    >without.log 2>&1 || { cat without.log; fail "without copies"; }
cmp with/checkpoints/step-00000008.checkpoint without/checkpoints/step-00000008.checkpoint || fail "other bits"

# --- while it goes on, and after a signal ---------------------------------------------------------------

begin signal
for host in $host_names; do
    folders=$(copies "$host" | grep -v '\.lock$')
    echo "$folders" | grep -qx "lambert-stage-$host-[0-9]*" || fail "on $host there is $(copies "$host")"
    [ "$(copies "$host" | wc -l)" = 2 ] || fail "not one copy and its lock: $(copies "$host")"
    for file in corpus/*; do
        in_host "$host" cmp "$file" "scratch/$folders/0/${file#corpus/}" || fail "$host has another $file"
    done
    ranks=$(host_processes "$host" lambert)
    [ "$(echo "$ranks" | wc -l)" = 2 ] || fail "ranks on $host: $ranks"
    for rank in $ranks; do
        grep -q "/scratch/$folders/0/train-00000.shard" "/proc/$rank/maps" || fail "a rank on $host does not read the copy"
        ! grep -q "/corpus/train-00000.shard" "/proc/$rank/maps" || fail "a rank on $host reads the original"
    done
done
kill -TERM "$(host_processes h1 lambert | tail -n 1)"
code=0
wait $job || code=$?
[ $code = 75 ] || { cat signal.log; fail "after a signal: exit code $code"; }
grep -q "^stopped by .* with a checkpoint" signal.log || { cat signal.log; fail "no word of the end"; }
empty "a signal"

# --- a host dies ----------------------------------------------------------------------------------------

begin killed
host_kill h1 lambert
code=0
wait $job || code=$?
[ $code != 0 ] || { cat killed.log; fail "a host that died is not noticed"; }
copies h1 | grep -q '^lambert-stage-h1-[0-9]*$' || fail "who removed the copy of the host that died?"
gone() {
    [ -z "$(for host in $host_names; do host_processes "$host" lambert; done)" ]
}
wait_for 30 killed.log "end of all ranks" gone
# shellcheck disable=SC2086
staged after $short >after.log 2>&1 || { cat after.log; fail "after a host that died"; }
grep -q "warning: scratch/lambert-stage-h1-.* is of a run that was killed, and is removed" after.log ||
    { cat after.log; fail "no word of what was left"; }
empty "a run after a killed one"

# --- a host that cannot ----------------------------------------------------------------------------------

# refused WHAT PATTERN: h2's disk is no good, and no host keeps anything
refused() {
    code=0
    # shellcheck disable=SC2086
    staged refused $short >refused.log 2>&1 || code=$?
    [ $code = 1 ] || { cat refused.log; fail "$1: exit code $code"; }
    grep -qE "$2" refused.log || { cat refused.log; fail "$1: not said"; }
    empty "$1"
    [ ! -e refused ] || fail "$1: a run folder is left"
}
in_host h2 mount -o remount,size=4k "$PWD/scratch"
refused "a full disk" "error: .*data.stage_folder: .*the corpora take .* on host h2 has 0\.0 MB free"
in_host h2 mount -o remount,ro "$PWD/scratch"
refused "a disk that may not be written" "error: .*data.stage_folder: .*Read-only file system"
