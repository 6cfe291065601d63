#!/bin/sh
# Four hosts joined by TCP: the losses are those of one host; a host that dies or is cut off in the
# middle of a run ends mpirun in time, with a message and an exit code; on the three hosts that are
# left the run resumes and goes on as if nothing had been.
. "$(dirname "$0")/lib.sh"
hosts_up 4 100 1gbit
link_check 100 1000
make_corpus >/dev/null
# Steps long enough to be interrupted; a checkpoint every tenth.
words="data.corpus=corpus phase.one.steps=120 phase.two.steps=80 train.checkpoint_every=10
    phase.one.global_batch=64 phase.two.global_batch=64"

# cluster_train SLOTS HOSTS FOLDER WORDS...
cluster_train() {
    cluster_slots=$1 cluster_hosts=$2 cluster_folder=$3
    shift 3
    for cluster_host in $cluster_hosts; do
        echo "$cluster_host slots=$cluster_slots"
    done >"hosts.$cluster_folder"
    # shellcheck disable=SC2086
    on_hosts "hosts.$cluster_folder" "$LAMBERT" train "$ROOT/configs/tiny.ini" $words \
        run.folder="$cluster_folder" "$@"
}

last_step() {
    field total_step "$1" 2>/dev/null | tail -n 1 | grep . || echo 0
}

ended() {
    ! kill -0 $job 2>/dev/null
}

reached() {
    [ "$(last_step "$1")" -ge "$2" ] || ended
}

sent_bytes() {
    in_host "$1" awk '$1 == "eth0:" { print $10 }' /proc/net/dev
}

# --- the same on one host and on four ----------------------------------------------------------------

# shellcheck disable=SC2086
train 1 whole $words || { cat log.txt; fail "the run on one host"; }
[ "$(field mlm_loss whole | wc -l)" = 200 ] || fail "not 200 steps on one host"

# spread RANKS-A-HOST
spread() {
    before=$(sent_bytes h3)
    cluster_train "$1" "h0 h1 h2 h3" "spread$1" >spread.log 2>&1 || { cat spread.log; fail "four hosts"; }
    grep -q "^$((4 * $1)) rank(s) on 4 node(s)" spread.log ||
        fail "not four nodes: $(grep 'node(s)' spread.log)"
    same_losses whole "spread$1"
    echo "four hosts, $1 rank(s) each: the losses of one host; h3 sent" \
        "$((($(sent_bytes h3) - before) / 1000)) kB"
}
spread 1
spread 2

# --- a host is lost --------------------------------------------------------------------------------

# A rank killed, Open MPI's daemon killed, the link down: how long mpirun may take to end, in seconds,
# and what it says (grep -E). A silent host takes the 15 s of configs/openmpi.conf, and in each case
# Open MPI gives the ranks a second to end; the rest is for a busy machine. When a daemon dies, its
# connection breaks and its launch agent (ssh) ends, and the message is that of what is seen first.
injure() {
    lost='Remote daemon: .* on node h3'
    case $1 in
    rank)
        limit=8 says='process rank 3 with PID [0-9]+ on node h3 exited on signal 9'
        host_kill h3 lambert
        ;;
    daemon)
        limit=8 says="$lost|unable to reliably start one or more daemons"
        host_kill h3 orted
        ;;
    cut)
        limit=25 says=$lost
        host_cut h3
        ;;
    esac
}

# No host has a process of the job any more, the lost one included.
deserted() {
    for host in h0 h1 h2 h3; do
        [ -z "$(host_processes $host 'lambert|orted')" ] || return 1
    done
}

# begin FOLDER: a run on four hosts, to its middle
begin() {
    cluster_train 1 "h0 h1 h2 h3" "$1" >"$1.log" 2>&1 &
    job=$!
    wait_for 60 "$1.log" "step 25" reached "$1" 25
    ! ended || { cat "$1.log"; fail "$1: over before anything was done to it"; }
}

# lose HOW: in the middle of a run
lose() {
    begin "$1"
    injure "$1" || { cat "$1.log"; fail "$1: the run was over before"; }
    injured=$(date +%s.%N)
    wait_for 60 "$1.log" "end of mpirun" ended
    took=$(echo "$injured $(date +%s.%N)" | awk '{ printf "%.1f", $2 - $1 }')
    code=0
    wait $job || code=$?
    [ $code != 0 ] || { cat "$1.log"; fail "$1: mpirun ended with exit code 0"; }
    grep -qE "$says" "$1.log" || { cat "$1.log"; fail "$1: mpirun did not say '$says'"; }
    [ "${took%.*}" -lt $limit ] || fail "$1: mpirun took $took s to end, more than $limit"
    wait_for 25 "$1.log" "end of the job's processes" deserted
    echo "$1: mpirun ended $took s later with exit code $code, at step $(last_step "$1"):" \
        "$(grep -E "$says" "$1.log" | sed 's/^ *//')"
}

# go_on FOLDER: on the hosts that are left, from the last checkpoint
go_on() {
    # not what was half written when it was killed
    checkpoint=$(basename "$(ls "$1"/checkpoints/*.checkpoint | tail -n 1)")
    cluster_train 1 "h0 h1 h2" "$1" --resume >resumed.log 2>&1 ||
        { cat resumed.log; fail "$1: resuming on three hosts"; }
    grep -q "^3 rank(s) on 3 node(s)" resumed.log || fail "$1: not resumed on three hosts"
    grep -q "resum.*$checkpoint" resumed.log || { cat resumed.log; fail "$1: not from $checkpoint"; }
    same_losses whole "$1"
    echo "$1: resumed from $checkpoint on three hosts: the losses of the undisturbed run"
}

for how in rank daemon; do
    lose $how
    go_on $how
done

# mpirun itself is killed: nobody is left to say anything, and all ranks end.
begin mpirun
host_kill h0 mpirun
wait $job || :
wait_for 25 mpirun.log "end of the job's processes" deserted
go_on mpirun

lose cut # last: h3 stays away
go_on cut
