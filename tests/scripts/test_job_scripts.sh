#!/bin/bash
# The job scripts, with commands in the place of the schedulers' and of mpirun: what is run, and which end of a run
# puts its job back into the queue.
. "$(dirname "$0")/../lib.sh"
mkdir bin
cat >bin/mpirun <<'END'
#!/bin/sh
echo "$*" >mpirun.words
trap 'code=75; kill $sleeper' USR1 # as a run that is told to end
code=$(cat mpirun.code)
if [ "$code" = signal ]; then
    : >mpirun.ready
    sleep 60 &
    sleeper=$!
    wait $sleeper
fi
exit "$code"
END
for command in qsub scontrol; do
    printf '#!/bin/sh\necho "$*" >>%s.words\n' $command >bin/$command
done
printf '#!/bin/sh\n[ -e srun.fails ] && [ -e mpirun.words ] && exit 1\nenv >srun.environment\n' >bin/srun
chmod +x bin/*
export PATH=$WORK/bin:$PATH

# job CODE SCRIPT...: mpirun ends with CODE; the exit code of the script is $seen
job() {
    rm -f ./*.words
    echo "$1" >mpirun.code
    shift
    seen=0
    "$@" >job.log 2>&1 || seen=$?
}

# is CODE WORDS COMMAND: the script ended with CODE, and COMMAND was called with WORDS (empty: not at all)
is() {
    [ "$seen" = "$1" ] || { cat job.log; fail "$what: exit code $seen, not $1"; }
    [ "$(cat "$3.words" 2>/dev/null)" = "$2" ] ||
        { cat job.log; fail "$what: $3 was called with '$(cat "$3.words" 2>/dev/null)', not '$2'"; }
}

# --- Slurm ---------------------------------------------------------------------------------------------

export SLURM_JOB_ID=17 SLURM_JOB_NODELIST=h1 SLURM_NNODES=1 SLURM_CPUS_PER_TASK=4
sbatch="$ROOT/scripts/lambert.sbatch"
what="a run that is complete"
job 0 "$sbatch" my.ini a.b=c
is 0 "" scontrol
grep -q -- "lambert train my.ini a.b=c --resume --stopped-code 75$" mpirun.words || fail "run is: $(cat mpirun.words)"
grep -q -- "--mca orte_launch_agent env --block-signal=TERM orted " mpirun.words || fail "run is: $(cat mpirun.words)"
what="a run that was told to end" # its steps were signalled, or its time was over
job 75 "$sbatch" my.ini
is 0 "requeue 17" scontrol
what="a run that failed"
job 1 "$sbatch" my.ini
is 1 "" scontrol
what="a run that lost a node"
: >srun.fails
job 205 "$sbatch" my.ini
is 205 "requeue 17" scontrol
rm srun.fails

# signalled SIGNAL: the script gets it while the run is at work
signalled() {
    rm -f ./*.words mpirun.ready
    echo signal >mpirun.code
    "$sbatch" my.ini >job.log 2>&1 &
    script=$! seen=0
    wait_until 20 [ -e mpirun.ready ] || fail "mpirun was not called"
    kill -"$1" $script
    wait $script || seen=$?
}
what="a run before its time limit"
signalled USR1
is 0 "requeue 17" scontrol
what="a run that was cancelled"
signalled TERM
is 0 "" scontrol

# In a job with memory a CPU, submitted with memory a node.
what="memory said twice"
job 0 env SLURM_MEM_PER_CPU=500 SLURM_MEM_PER_NODE=2000 "$sbatch" my.ini
grep -q "^SLURM_MEM_PER_NODE=2000$" srun.environment || fail "$what: the job's own is gone"
! grep -q "^SLURM_MEM_PER_CPU" srun.environment || fail "$what: both are left"
job 0 env SLURM_MEM_PER_CPU=500 "$sbatch" my.ini
grep -q "^SLURM_MEM_PER_CPU=500$" srun.environment || fail "memory a CPU is gone"

# --- PBS, LSF, Grid Engine --------------------------------------------------------------------------------

what="no configuration"
job 0 env PBS_O_WORKDIR="$WORK" PBS_NODEFILE=nodes "$ROOT/scripts/lambert.pbs"
[ "$seen" != 0 ] || fail "$what: exit code 0"
export CONFIG=my.ini PBS_O_WORKDIR=$WORK PBS_NODEFILE=nodes NSLOTS=64
for script in pbs lsf sge; do
    stopped=75
    [ $script = sge ] && stopped=99
    for code in 0 1 $stopped; do
        what="$script, code $code"
        job $code env HOURS=5.9 "$ROOT/scripts/lambert.$script"
        if [ $script = pbs ] && [ $code = 75 ]; then
            is 0 "-v CONFIG=my.ini,HOURS=5.9 scripts/lambert.pbs" qsub
        else
            is $code "" qsub
        fi
        grep -q -- "lambert train my.ini --resume --max-hours 5.9 --stopped-code $stopped$" mpirun.words ||
            fail "$what: run is $(cat mpirun.words)"
    done
done
