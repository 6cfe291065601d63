#!/bin/sh
# CPU quotas of a real control group, version 1 or 2, whichever this machine lets us make: vocab, prep and train take no
# more threads than it has time for, and more threads by choice are warned of, which `lambert doctor` does as well.
. "$(dirname "$0")/../lib.sh"
unset OMP_NUM_THREADS

skip() {
    echo "skipped: $*"
    exit 0
}

# quota MICROSECONDS; group_make: the folder $group, and in it a quota of so many microseconds of 100,000
quota() {
    if [ "$version" = 1 ]; then
        echo 100000 >"$group/cpu.cfs_period_us" && echo "$1" >"$group/cpu.cfs_quota_us"
    else
        echo "$1 100000" >"$group/cpu.max"
    fi
}
group_make() {
    for version in 1 2; do
        [ $version = 1 ] && above=/sys/fs/cgroup/cpu || above=/sys/fs/cgroup
        group=$above/lambert-test-$$
        mkdir "$group" 2>/dev/null || continue
        quota 100000 2>/dev/null && return 0
        rmdir "$group"
    done
    return 1
}
# in_group COMMAND...
in_group() {
    # shellcheck disable=SC2016 # the inner shell expands them
    sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}
group_make || skip "no control group with a CPU quota can be made on this machine"
trap 'rm -rf "$WORK"; rmdir "$group"' EXIT

make_text text.txt 60
in_group "$LAMBERT" vocab --output vocab.txt --size 150 text.txt >log.txt 2>&1 || fail "vocab: $(cat log.txt)"
[ "$(machine_cores)" = 1 ] && skip "one core has no threads to spare"
grep -q "$group/cpu.* allows the time of 1 CPUs: 1 thread(s) a rank" log.txt || fail "vocab: $(cat log.txt)"
in_group "$LAMBERT" prep --vocabulary vocab.txt --output corpus --heldout 0.1 text.txt >log.txt 2>&1 ||
    fail "prep: $(cat log.txt)"
grep -q "$group/cpu.* allows the time of 1 CPUs: 1 thread(s) a rank" log.txt || fail "prep: $(cat log.txt)"

# try WORDS...: a run in the group, into log.txt
try() {
    rm -rf run
    in_group mpirun --bind-to none "$@" phase.one.steps=1 phase.two.steps=1 >log.txt 2>&1 || fail "train: $(cat log.txt)"
}
lambert_train="$LAMBERT train $ROOT/configs/tiny.ini data.corpus=corpus run.folder=run"
# shellcheck disable=SC2086
try -n 1 $lambert_train
grep -q "allows the time of 1 CPUs: 1 thread(s) a rank" log.txt || fail "train: $(cat log.txt)"
grep -q ", 1 thread(s)$" log.txt || fail "train: $(cat log.txt)"
# shellcheck disable=SC2086
try -n 1 $lambert_train run.threads=2
grep -q "warning: 2 thread(s) a rank, but $group/cpu.* allows the time of 1 CPUs.* Set run.threads=1" log.txt ||
    fail "no warning: $(cat log.txt)"

in_group mpirun --bind-to none -n 1 "$LAMBERT" doctor "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=new \
    run.threads=2 >log.txt 2>&1 || fail "doctor: $(cat log.txt)"
grep -A 1 "^warn  threads .*2 thread(s) a rank, but $group/cpu.* allows the time of 1 CPUs" log.txt |
    grep -q "cure: Set run.threads=1" || fail "doctor does not name the quota: $(cat log.txt)"

# Rounded up; and two ranks share it.
quota 150000
# shellcheck disable=SC2086
try -n 1 $lambert_train
grep -q ", 2 thread(s)$" log.txt || fail "1.5 CPUs: $(cat log.txt)"
# shellcheck disable=SC2086
try -n 2 $lambert_train
grep -q ", 1 thread(s)$" log.txt || fail "1.5 CPUs of two ranks: $(cat log.txt)"
