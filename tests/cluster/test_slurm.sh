#!/bin/sh
# scripts/lambert.sbatch under a real Slurm of ten nodes, five jobs at once: one reaches its time
# limit; one loses a node; one loses the node that runs the script; one is preempted; one is ended. All but the
# last go back into the queue, resume and finish, and their losses are those of an undisturbed run.
. "$(dirname "$0")/lib.sh"
. "$CLUSTER/slurm.sh"
NODES="h1 h2 h3 h4 h5 h6 h7 h8 h9 h10"
DELAY=10000 # so long that a run's pace is the network's, not the processor's
hosts_up 11 $DELAY 1gbit
make_corpus >/dev/null
ln -s "$ROOT/configs" configs # the script is submitted from a checkout
export LAMBERT TMPDIR=/dev/shm
export OMPI_MCA_btl_tcp_if_include=10.77.0.0/24 OMPI_MCA_oob_tcp_if_include=10.77.0.0/24
words="data.corpus=corpus train.checkpoint_every=10"

# A minute's limit and the signal about 30 s after the start: that is as fine as Slurm's clock goes.
# Steps for 34 s, by the pace of 20 steps; beside other jobs they take longer.
printf 'h1\nh2\n' >two-hosts
# shellcheck disable=SC2086
in_host h1 mpirun --mca plm_rsh_agent "$CLUSTER/rsh" --hostfile two-hosts "$LAMBERT" train \
    configs/tiny.ini $words run.folder=pace phase.one.steps=20 phase.two.steps=1 >pace.log 2>&1 ||
    { cat pace.log; fail "the run for the pace"; }
limit_steps=$(field seconds pace | awk '{ sum += $1 } END { printf "%d", 34 * NR / sum }')
echo "pace: $limit_steps steps in 34 s"
[ "$limit_steps" -gt 30 ] || fail "too slow a network for this test"

slurm_up "$NODES"

# submit NAME STEPS SBATCH-OPTIONS...: prints the job's number
submit() {
    submit_name=$1 submit_steps=$2
    shift 2
    # shellcheck disable=SC2086
    in_host h0 sbatch --parsable --job-name="$submit_name" --output="$submit_name.log" \
        --nodes=2 --cpus-per-task=1 "$@" "$ROOT/scripts/lambert.sbatch" configs/tiny.ini $words \
        run.folder="$submit_name" phase.one.steps="$submit_steps" phase.two.steps=20
}

limit=$(submit limit "$limit_steps" --ntasks-per-node=2 --time=1 --signal=B:USR1@20)
node=$(submit node 80 --ntasks-per-node=1 --time=10)
batch=$(submit batch 80 --ntasks-per-node=1 --time=10)
preempt=$(submit preempt 80 --ntasks-per-node=1 --time=10)
cancel=$(submit cancel 80 --ntasks-per-node=1 --time=10)

give_up() {
    tail -n 40 "$1.log"
    grep -v 'state file' slurm/slurmctld.log | tail -n 40
    in_host h0 scontrol show job
    fail "$1: $2"
}

reached() {
    [ "$(field total_step "$1" 2>/dev/null | wc -l)" -ge "$2" ]
}

# nodes_of JOB: those it runs on, a word each
nodes_of() {
    in_host h0 scontrol show hostnames "$(job_field NodeList "$1")"
}

for name in node batch preempt cancel; do
    wait_for 60 $name.log "step 25 of $name" reached $name 25
done
in_host h0 scancel --batch --signal=TERM "$cancel"
in_host h0 scancel --signal=TERM "$preempt" # to its steps, as Slurm does before it takes the nodes away
lost_node=$(nodes_of "$node" | grep -vx "$(job_field BatchHost "$node")")
host_cut "$lost_node"
# The power fails: silence first, or the other side would be told that connections close.
lost_batch=$(job_field BatchHost "$batch")
host_cut "$lost_batch"
host_kill "$lost_batch" '.*'

# finished NAME JOB
finished() {
    case $(job_field JobState "$2") in
    COMPLETED) return 0 ;;
    FAILED | TIMEOUT | CANCELLED | OUT_OF_MEMORY) give_up "$1" "$(job_field JobState "$2")" ;;
    *) return 1 ;;
    esac
}

# came_back NAME JOB WHY: as often as it was put back into the queue, it was resumed
came_back() {
    wait_for 180 "$1.log" "end of job $1" finished "$1" "$2"
    restarts=$(job_field Restarts "$2")
    [ "$restarts" -ge 1 ] || give_up "$1" "was not put back into the queue"
    [ "$(grep -c "resumed from $1/checkpoints" "$1.log")" = "$restarts" ] ||
        give_up "$1" "$restarts starts more, but not as many resumed"
    grep -qE "$3" "$1.log" slurm/slurmctld.log || give_up "$1" "nothing says '$3'"
}

came_back limit "$limit" 'the time limit is near: the job goes back'
# The last time it may have reached its end before the signal reached it.
[ "$(grep -c 'stopped by SIGUSR1' limit.log)" -ge 1 ] || give_up limit "not stopped by a signal"
echo "limit: $restarts times put back before the time limit, and resumed"

# Who notices first, the script or Slurm, depends on Slurm's timeout.
came_back node "$node" "a node does not answer|JobId=$node due to failure of node $lost_node"
! nodes_of "$node" | grep -qx "$lost_node" || give_up node "ran on the lost node"
echo "node: $lost_node lost, resumed on $(job_field NodeList "$node")"

came_back batch "$batch" "JobId=$batch due to failure of node $lost_batch"
! nodes_of "$batch" | grep -qx "$lost_batch" || give_up batch "ran on the lost node"
echo "batch: $lost_batch lost with the script, resumed on $(job_field NodeList "$batch")"

came_back preempt "$preempt" 'the run was told to end: the job goes back'
# The first host's rank is mpirun's child, of no step.
grep -q 'stopped by a signal to another rank' preempt.log || give_up preempt "not stopped by a signal"
echo "preempt: stopped with a checkpoint, and resumed"

wait_for 60 cancel.log "end of job cancel" finished cancel "$cancel"
grep -q 'stopped by SIGUSR1' cancel.log || give_up cancel "not stopped by a signal"
[ "$(job_field Restarts "$cancel")" = 0 ] || give_up cancel "was put back into the queue"
reached cancel 100 && give_up cancel "went on to its end"
echo "cancel: stopped with a checkpoint, for good"

# --- the losses, beside undisturbed runs on one host ---------------------------------------------------

# shellcheck disable=SC2086
{
    train 2 whole.limit $words phase.one.steps="$limit_steps" phase.two.steps=20
    train 2 whole.lost $words phase.one.steps=80 phase.two.steps=20
} || { tail -n 20 log.txt; fail "the undisturbed runs"; }
same_losses whole.limit limit
same_losses whole.lost node
same_losses whole.lost batch
same_losses whole.lost preempt
