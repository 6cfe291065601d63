#!/bin/bash
# The job scripts, with commands in the place of the schedulers' and of mpirun: what is run, and which end of a run
# puts its job back into the queue.
. "$(dirname "$0")/../lib.sh"
mkdir bin
ln -s "$BUILD" build
ln -s "$BUILD/lambert" own
cat >bin/mpirun <<'END'
#!/bin/sh
case " $* " in *" doctor "*) echo "$*" >doctor.words; exit "$(cat doctor.code)" ;; esac
echo "$*" >mpirun.words
trap 'code=76; kill $sleeper' USR1 # as a run that is told to end
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
grep -q -- "lambert train my.ini a.b=c --resume --stopped-code 76$" mpirun.words || fail "run is: $(cat mpirun.words)"
grep -q -- "--mca orte_launch_agent env --block-signal=TERM orted " mpirun.words || fail "run is: $(cat mpirun.words)"
what="a run that was told to end" # its steps were signalled, or its time was over
job 76 env SLURM_RESTART_COUNT=99 "$sbatch" my.ini
is 0 "requeue 17" scontrol
grep -q "the run was told to end: the job goes back" job.log || fail "$what: it says $(cat job.log)"
for restarts in "" 1 4; do
    what="a run whose folder another host has locked, ${restarts:-no} restarts"
    job 75 env ${restarts:+SLURM_RESTART_COUNT=$restarts} "$sbatch" my.ini
    is 0 "requeue 17" scontrol
    grep -q "another host has the lock of the run folder: the job goes back" job.log || fail "$what: it says $(cat job.log)"
done
for restarts in 5 6; do
    what="a run whose folder another host has locked, $restarts restarts"
    job 75 env SLURM_RESTART_COUNT=$restarts "$sbatch" my.ini
    is 75 "" scontrol
    grep -q "another host has the lock of the run folder, still: another job may train there" job.log ||
        fail "$what: it says $(cat job.log)"
done
what="a job that the doctor lets pass"
echo 0 >doctor.code
job 0 env LAMBERT_DOCTOR=1 "$sbatch" my.ini a.b=c
is 0 "" scontrol
grep -q -- "--map-by numa:PE=4 --bind-to core .*lambert doctor my.ini a.b=c --resume$" doctor.words || fail "$what: no doctor"
grep -q -- "lambert train my.ini a.b=c " mpirun.words || fail "$what: no run"
what="a job in which the doctor finds a fault"
echo 1 >doctor.code
job 0 env LAMBERT_DOCTOR=1 "$sbatch" my.ini
is 1 "" mpirun
grep -q "lambert doctor found what the run would fail of" job.log || fail "$what: it says $(cat job.log)"
what="a job that goes on, and may find its folder locked"
job 0 env LAMBERT_DOCTOR=1 SLURM_RESTART_COUNT=1 "$sbatch" my.ini
is 0 "" doctor
# With a program env that is older than that option.
what="an env that blocks no signals"
env=$(command -v env)
printf '#!/bin/sh\ncase $1 in --*) exit 125 ;; esac\nexec %s "$@"\n' "$env" >bin/env
chmod +x bin/env
job 0 "$sbatch" my.ini
rm bin/env
is 0 "" scontrol
! grep -q orte_launch_agent mpirun.words || fail "$what: run is: $(cat mpirun.words)"
grep -q "env cannot block signals here" job.log || fail "$what: it says $(cat job.log)"
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
            job $code env HOURS=5.9 LAMBERT=./own "$ROOT/scripts/lambert.pbs"
            is 0 "-v CONFIG=my.ini,HOURS=5.9,LAMBERT=./own scripts/lambert.pbs" qsub
            job $code env HOURS=5.9 SCRIPT=mine.pbs "$ROOT/scripts/lambert.pbs"
            is 0 "-v CONFIG=my.ini,HOURS=5.9,SCRIPT=mine.pbs mine.pbs" qsub
            job $code env HOURS=5.9 "$ROOT/scripts/lambert.pbs"
            is 0 "-v CONFIG=my.ini,HOURS=5.9 scripts/lambert.pbs" qsub
        else
            is $code "" qsub
        fi
        grep -q -- "lambert train my.ini --resume --max-hours 5.9 --stopped-code $stopped$" mpirun.words ||
            fail "$what: run is $(cat mpirun.words)"
    done
done
what="sge, a folder that another host has locked"
job 75 "$ROOT/scripts/lambert.sge"
is 99 "" qsub

# --- where the program and its files are ------------------------------------------------------------------

for script in sbatch pbs lsf sge; do
    what="$script, of the checkout"
    job 0 "$ROOT/scripts/lambert.$script"
    grep -q -- "^--tune $ROOT/configs/openmpi.conf .* build/lambert train" mpirun.words || fail "$what: $(cat mpirun.words)"
done
rm build
mkdir -p "installed here/bin" "installed here/share"
cp "$BUILD/lambert" "installed here/bin"
cp -r "$ROOT/configs" share.configs
mkdir "installed here/share/lambert"
mv share.configs "installed here/share/lambert/configs"
for script in sbatch pbs lsf sge; do
    what="$script, installed"
    job 0 env PATH="$WORK/installed here/bin:$PATH" "$ROOT/scripts/lambert.$script"
    grep -q -- "^--tune $WORK/installed here/share/lambert/configs/openmpi.conf .* lambert train" mpirun.words ||
        fail "$what: $(cat mpirun.words)"
    what="$script, no files with the program"
    job 0 env LAMBERT_SHARE=nowhere PATH="$WORK/installed here/bin:$PATH" "$ROOT/scripts/lambert.$script"
    [ "$seen" = 1 ] && [ ! -e mpirun.words ] || fail "$what: exit code $seen"
    grep -q "LAMBERT_SHARE" job.log || fail "$what: it says $(cat job.log)"
done
