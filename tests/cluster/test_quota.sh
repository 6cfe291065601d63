#!/bin/sh
# CPU quotas and memory limits of real control groups, version 2 or 1, whichever this machine lets us make: vocab, prep and
# train take no more threads than there is time for, and more threads by choice are warned of; a run that would hold more
# than the limit leaves is refused. `lambert doctor` says the same of both.
. "$(dirname "$0")/../lib.sh"
unset OMP_NUM_THREADS
made='' enabled=''
remove_groups() {
    for group in $made; do
        rmdir "$group" || { sleep 1 && rmdir "$group"; } || :
    done 2>/dev/null
    for words in $enabled; do # FILE:CONTROLLER
        echo "-${words#*:}" >"${words%:*}" || :
    done
}
trap 'remove_groups; rm -rf "$WORK"' EXIT

# mount_of VERSION CONTROLLER: where that hierarchy lies; nothing where it is not mounted
mount_of() {
    awk -v version="$1" -v controller="$2" '{
        for (i = 7; $i != "-"; i++) ;
        type = $(i + 1); controllers = "," $(i + 3) ","
        if (version == 2 && type == "cgroup2") { print $5; exit }
        if (version == 1 && type == "cgroup" && index(controllers, "," controller ",")) { print $5; exit }
    }' /proc/self/mountinfo
}

# group_make CONTROLLER LIMIT-FILE-1 LIMIT-FILE-2 VALUE-1 VALUE-2: $group, a new one, whose limit is set; $version is which
# kind it is of. Of version 2 a group has a controller only when the one above hands it down.
group_make() {
    for version in 2 1; do
        above=$(mount_of $version "$1")
        [ -n "$above" ] || continue
        if [ $version = 2 ]; then
            grep -qw "$1" "$above/cgroup.controllers" || continue
            if ! grep -qw "$1" "$above/cgroup.subtree_control"; then
                echo "+$1" >"$above/cgroup.subtree_control" || continue
                enabled="$enabled $above/cgroup.subtree_control:$1"
            fi
        fi
        group=$above/lambert-test-$$-$1
        mkdir "$group" || continue
        made="$made $group"
        eval "file=\$$((1 + version)) value=\$$((3 + version))"
        # shellcheck disable=SC2154 # what eval sets
        echo "$value" >"$group/$file" && return 0
    done 2>/dev/null
    return 1
}
# in_group COMMAND...
in_group() {
    # shellcheck disable=SC2016 # the inner shell expands them
    sh -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

make_text text.txt 60
"$LAMBERT" vocab --output vocab.txt --size 150 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
"$LAMBERT" prep --vocabulary vocab.txt --output corpus --heldout 0.1 text.txt 2>log.txt || fail "prep: $(cat log.txt)"
tiny="$ROOT/configs/tiny.ini data.corpus=corpus"
tried=''

# --- the time of CPUs -----------------------------------------------------------------------------------------

# try COUNT WORDS...: a run on so many ranks in the group, into log.txt
try() {
    ranks=$1
    shift
    rm -rf run
    in_group mpirun --bind-to none -n "$ranks" "$LAMBERT" train $tiny run.folder=run phase.one.steps=1 phase.two.steps=1 "$@" \
        >log.txt 2>&1 || fail "train: $(cat log.txt)"
}

# quota MICROSECONDS: of each 100,000
quota() {
    [ "$version" = 1 ] && echo "$1" >"$group/cpu.cfs_quota_us" || echo "$1 100000" >"$group/cpu.max"
}

look_at_quota() {
    allows="$group/cpu.* allows the time of 1 CPUs"
    in_group "$LAMBERT" vocab --output vocab2.txt --size 150 text.txt >log.txt 2>&1 || fail "vocab: $(cat log.txt)"
    [ "$(nproc)" = 1 ] && echo "one core has no threads to spare: a CPU quota was not tried" && return
    tried="$tried the time of CPUs (version $version)"
    grep -q "$allows: 1 thread(s) a rank" log.txt || fail "vocab: $(cat log.txt)"
    in_group "$LAMBERT" prep --vocabulary vocab.txt --output corpus2 text.txt >log.txt 2>&1 || fail "prep: $(cat log.txt)"
    grep -q "$allows: 1 thread(s) a rank" log.txt || fail "prep: $(cat log.txt)"
    try 1
    grep -q "allows the time of 1 CPUs: 1 thread(s) a rank" log.txt || fail "train: $(cat log.txt)"
    grep -q ", 1 thread(s)$" log.txt || fail "train: $(cat log.txt)"
    try 1 run.threads=2
    grep -q "warning: 2 thread(s) a rank, but $allows.* Set run.threads=1" log.txt || fail "no warning: $(cat log.txt)"
    in_group mpirun --bind-to none -n 1 "$LAMBERT" doctor $tiny run.folder=new run.threads=2 >log.txt 2>&1 ||
        fail "doctor: $(cat log.txt)"
    grep -A 1 "^warn  threads .*2 thread(s) a rank, but $allows" log.txt | grep -q "cure: Set run.threads=1" ||
        fail "doctor does not name the quota: $(cat log.txt)"

    # Rounded up; and two ranks share it.
    quota 150000
    try 1
    grep -q ", 2 thread(s)$" log.txt || fail "1.5 CPUs: $(cat log.txt)"
    try 2
    grep -q ", 1 thread(s)$" log.txt || fail "1.5 CPUs of two ranks: $(cat log.txt)"

    # What is announced happens: with one CPU's time, as many threads as it has time for are hardly ever held up; and the
    # group itself says how often it was.
    quota 100000
    try 1 phase.one.steps=200
    periods=$(sed -n 's/^nr_periods //p' "$group/cpu.stat") held=$(sed -n 's/^nr_throttled //p' "$group/cpu.stat")
    echo "with a CPU's time: held up in $held of $periods periods, all runs together"
}
if group_make cpu cpu.cfs_quota_us cpu.max 100000 "100000 100000"; then
    look_at_quota
else
    echo "no control group with a CPU quota can be made on this machine: it was not tried"
fi

# --- memory ------------------------------------------------------------------------------------------------------

# A model of some gigabytes, of which nothing is taken; and one that fits.
look_at_memory() {
    tried="$tried memory (version $version)"
    large="model.hidden_size=2048 model.num_hidden_layers=8 model.num_attention_heads=32 model.intermediate_size=8192"
    wants="would hold [0-9]{4,} MB, and it has ([3-5][0-9]{2}) MB available"
    code=0
    in_group mpirun -n 1 "$LAMBERT" doctor $tiny run.folder=new $large >log.txt 2>&1 || code=$?
    [ $code = 1 ] || fail "doctor gives $code: $(cat log.txt)"
    grep -A 1 -E "^FAIL  memory +host .*: its 1 rank\(s\) $wants" log.txt | grep -q "cure: " ||
        fail "doctor does not see the limit: $(cat log.txt)"
    code=0
    in_group mpirun -n 1 "$LAMBERT" train $tiny run.folder=new $large >log.txt 2>&1 || code=$?
    [ $code = 1 ] || fail "train gives $code: $(cat log.txt)"
    grep -qE "^error: .*the 1 rank\(s\) of this machine $wants" log.txt || fail "train does not see the limit: $(cat log.txt)"
    [ ! -e new ] || fail "a run folder is left"
    in_group mpirun -n 1 "$LAMBERT" doctor $tiny run.folder=new >log.txt 2>&1 || fail "doctor: $(cat log.txt)"
    grep -qE "^ok +memory +.* of [3-5][0-9][0-9] MB available" log.txt || fail "doctor: $(cat log.txt)"
}
if group_make memory memory.limit_in_bytes memory.max 600000000 600000000; then
    look_at_memory
else
    echo "no control group with a memory limit can be made on this machine: it was not tried"
fi
[ -n "$tried" ] || { echo "skipped: no control group with a limit can be made on this machine"; exit 0; }
echo "tried:$tried"
