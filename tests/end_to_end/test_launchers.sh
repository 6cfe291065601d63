#!/bin/sh
# Commands in environments as Slurm and other launchers leave them: alone within a step of srun, several that do not
# know of each other, a script of sbatch.
. "$(dirname "$0")/../lib.sh"
make_text text.txt 20

# vocab VARIABLES...: with these in the environment; what it says in err.txt
vocab() {
    env "$@" "$LAMBERT" vocab --output vocab.txt --size 100 text.txt >out.txt 2>err.txt
}

# `srun --pty bash` and then a command; a script of sbatch; the shell of salloc
vocab SLURM_NODELIST="$(hostname)" SLURM_JOBID=1 SLURM_STEP_ID=0 || fail "a shell of srun: $(cat err.txt)"
vocab SLURM_JOB_ID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 SLURM_NTASKS=4 SLURM_PROCID=0 ||
    fail "a shell of srun in a job of four: $(cat err.txt)"
vocab SLURM_JOB_ID=1 SLURM_NTASKS=4 SLURM_PROCID=0 || fail "a script of sbatch: $(cat err.txt)"
mpirun -n 2 env SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=1 "$LAMBERT" vocab --output vocab.txt --size 100 text.txt \
    2>err.txt || fail "mpirun in a step: $(cat err.txt)"

# Four that are alone: one sentence, and nothing is made. The last are of `srun --mpi=pmi2`, for an MPI that has no PMI-2,
# as Debian's Open MPI; one that has looks for who speaks it.
rm -f vocab.txt
pmi2=
mpirun --version 2>&1 | grep -q "Open MPI" && ls /usr/lib/*/openmpi/lib/openmpi3/mca_pmix_ext3x.so >/dev/null 2>&1 &&
    ! ls /usr/lib/*/openmpi/lib/openmpi3/mca_pmix_s2.so >/dev/null 2>&1 &&
    pmi2="SLURM_NODELIST=$(hostname) SLURM_JOBID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 PMI_FD=9 PMI_SIZE=4 PMI_RANK="
for variables in "SLURM_JOB_ID=1 SLURM_STEP_ID=0 SLURM_STEP_NUM_TASKS=4 SLURM_PROCID=" "SLURM_NTASKS=4 SLURM_PROCID=" \
    "PMI_SIZE=4 PMI_RANK=" ${pmi2:+"$pmi2"}; do
    for task in 0 1 2 3; do
        code=0
        # shellcheck disable=SC2086
        vocab $variables$task || code=$?
        [ $code = 1 ] || fail "$variables$task: exit code $code"
        if [ $task = 0 ]; then
            grep -qE "^error: lambert vocab: 4 processes were started by .*each of them would be a run of its own" \
                err.txt || fail "$variables$task: $(cat err.txt)"
        else
            [ ! -s err.txt ] || fail "$variables$task speaks as well: $(cat err.txt)"
        fi
    done
done
[ ! -e vocab.txt ] || fail "there is a vocabulary"
