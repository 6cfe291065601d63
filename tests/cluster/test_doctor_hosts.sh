#!/bin/sh
# lambert doctor on three hosts joined by TCP: of a healthy job it says that all is well; a slow link, a slow network, a
# run folder that one host does not see, disks that are full or may not be written, and a small /dev/shm it names.
. "$(dirname "$0")/lib.sh"
hosts_up 3 100 1gbit
make_corpus >/dev/null
printf 'h0 slots=2\nh1 slots=2\nh2 slots=2\n' >two-each
printf 'h0 slots=1\nh1 slots=1\nh2 slots=1\n' >one-each
config="$ROOT/configs/tiny.ini data.corpus=corpus"

# examine CODE HOSTFILE WORDS...: the doctor on these hosts ends with that code; what it says is in out.txt
examine() {
    examine_code=$1 examine_hosts=$2 examine_seen=0
    shift 2
    # shellcheck disable=SC2086
    on_hosts "$examine_hosts" --bind-to none --mca mpi_yield_when_idle 1 "$LAMBERT" doctor $config "$@" >out.txt 2>err.txt || examine_seen=$?
    [ $examine_seen = "$examine_code" ] || { cat out.txt err.txt; fail "'$*' gave exit code $examine_seen"; }
}

# says LEVEL CHECK PATTERN CURE: a finding, with that cure behind it (grep -E)
says() {
    grep -A 1 -E "^$1 +$2 +.*($3)" out.txt | grep -qE "^ +cure: .*($4)" ||
        { cat out.txt err.txt; fail "not found: $1 $2: $3; cure: $4"; }
    grep -E "^$1 +$2 +.*($3)" out.txt
}

examine 0 one-each run.folder=run
for check in configuration ranks program kernels training-data memory limits run-folder disk clocks; do
    grep -qE "^ok +$check " out.txt || { cat out.txt; fail "healthy: not ok: $check"; }
done
grep -E '^ok +ranks +3 rank\(s\) on 3 host\(s\): h0 \(1\), h1 \(1\), h2 \(1\)' out.txt || { cat out.txt; fail "hosts"; }
# (All hosts have the cores of this machine, so they may well answer late.)
grep -E '^(ok +network +neighbours on two hosts: .* us, 0\.[01][0-9] GB/s.*the exchange of a step|warn +network .*answer late)' \
    out.txt || { cat out.txt; fail "network"; }
[ ! -e run ] || fail "a run folder is left"

# --- links -------------------------------------------------------------------------------------------

in_host h2 tc qdisc replace dev eth0 root tbf rate 10mbit burst 16k latency 20ms
tc qdisc replace dev sw2 root tbf rate 10mbit burst 16k latency 20ms
examine 0 one-each run.folder=run
says warn network "h1 \(rank 1\) and h2 \(rank 2\) .* and 0\.00[0-3] GB/s pass, where" "btl_tcp_if_include"
says warn network "h2 \(rank 2\) and h0 \(rank 0\) .* and 0\.00[0-3] GB/s pass, where" "btl_tcp_if_include"
grep -q "h0 (rank 0) and h1 (rank 1) .* and 0\.00[0-3] GB/s pass, where" out.txt && fail "a link that is well is named"
hosts_rate 1gbit

kill $switch_process
wait $switch_process 2>/dev/null || :
# shellcheck disable=SC2086
"$BUILD/tests/cluster/switch" 3000 $switch_ports >"$HOSTS/switch.log" 2>&1 &
wait_for 10 "$HOSTS/switch.log" switch grep -q ready "$HOSTS/switch.log"
examine 0 one-each run.folder=run
says warn network "h0 \(rank 0\) and h1 \(rank 1\) a message takes [3-9]\.[0-9]* ms" "docs/cluster.md"

# --- folders -----------------------------------------------------------------------------------------

mkdir private small large locked
in_host h1 mount -t tmpfs tmpfs "$PWD/private"
examine 0 one-each run.folder="$PWD/private/run"
says warn run-folder "host h1: it does not see the run folder of rank 0" "all hosts see"
in_host h0 mount -t tmpfs -o size=200k tmpfs "$PWD/small"
examine 1 one-each run.folder="$PWD/small/run"
says FAIL disk "has 0\.[0-9] MB free, and one checkpoint takes 0\.[0-9] MB" "train.checkpoint_keep"
in_host h0 mount -t tmpfs -o size=1m tmpfs "$PWD/large"
examine 0 one-each run.folder="$PWD/large/run"
says warn disk "4 checkpoints of 0\.[0-9] MB" "train.checkpoint_keep"
in_host h0 mount -t tmpfs -o ro tmpfs "$PWD/locked"
examine 1 one-each run.folder="$PWD/locked/run"
says FAIL run-folder "cannot make a folder in .*/locked: Read-only file system" "remount rw"
in_host h2 mount -t tmpfs -o size=4k tmpfs "$PWD/private"
examine 1 one-each run.folder=run data.stage_folder="$PWD/private/stage"
says FAIL stage "host h2: the corpora take .* on host h2 has 0\.0 MB free" "do without data.stage_folder"

# --- hosts that differ -------------------------------------------------------------------------------

in_host h1 mount -o remount,size=14m /dev/shm
examine 0 two-each run.folder=run
says warn shared-memory "host h1: /dev/shm has [0-9.]+ MB free, and Open MPI takes 8 MB for 2 ranks" "shm-size"
printf 'h0 slots=2\nh1 slots=1\nh2 slots=1\n' >uneven
examine 0 uneven run.folder=run
says warn ranks "hosts have between 1 and 2 ranks" "ppr:N:node"
