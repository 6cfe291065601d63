#!/bin/bash
# A signal while a batch is awaited, from a disk that does not answer, and while an evaluation goes on: neither is waited
# for, what was trained is saved, and the run that goes on makes up for what was given up.
. "$(dirname "$0")/../lib.sh"
make_corpus >/dev/null
job=
trap '[ -z "$job" ] || kill -KILL $job $(ranks_of "$folder") 2>/dev/null || :; rm -rf "$WORK"' EXIT

ranks_of() {
    pgrep -f "^$LAMBERT (train|finetune) .*run.folder=$1 " || :
}

# begin RANKS COMMAND FOLDER WORDS...: it is $job
begin() {
    ranks=$1 command=$2 folder=$3
    shift 3
    : >log.txt
    mpirun -n "$ranks" "${shim[@]}" "$LAMBERT" "$command" "$command.ini" run.folder="$folder" "$@" --resume \
        --stopped-code 75 >>log.txt 2>&1 &
    job=$!
}
shim=()
cp "$ROOT/configs/tiny.ini" train.ini

is_over() {
    ! kill -0 $job 2>/dev/null
}

logged() {
    grep -qE "$1" log.txt || is_over
}

# stops PATTERN: a signal to the last rank is heard, and says so, while what is awaited goes on
HEARD=60 # seconds: of a busy machine, or a program with sanitizers; where all is well it takes a fraction of one
stops() {
    is_over && { tail -n 5 log.txt; fail "$folder: it is over"; }
    kill -TERM "$(ranks_of "$folder" | tail -n 1)" || { tail -n 5 log.txt; fail "$folder: nobody to signal"; }
    wait_until $HEARD logged "$1" || { tail -n 5 log.txt; fail "$folder: no '$1' within $HEARD s"; }
    touch answers
    code=0
    wait $job || code=$?
    job=
    [ $code = 75 ] || { tail -n 5 log.txt; fail "$folder: exit code $code"; }
    grep -qE "$1" log.txt || { tail -n 5 log.txt; fail "$folder: no '$1'"; }
}

# ends: the run comes to its end
ends() {
    code=0
    wait $job || code=$?
    job=
    [ $code = 0 ] || { tail -n 5 log.txt; fail "$folder: exit code $code"; }
}

# kinds_at STEP FOLDER: which lines of an evaluation there are of that step
kinds_at() {
    grep -E '"kind":"(evaluation|pairs)"' "$2/metrics.jsonl" | grep "\"total_step\":$1," |
        sed -E 's/.*"kind":"([a-z]*)".*/\1/' | tr '\n' ' '
}

# --- while a batch is awaited ---------------------------------------------------------------------------

# On rank 0 of three the second phase's batches do not come, for the thread of that name which reads them ahead, until
# there is a file `answers`, or minutes are over; the others have theirs.
cat >slow.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int uncompress(void *to, unsigned long *size, const void *from, unsigned long bytes)
{
    const char *open_mpi = getenv("OMPI_COMM_WORLD_RANK"), *rank = open_mpi ? open_mpi : getenv("PMI_RANK");
    static pid_t phase_one;
    char thread[16] = "";
    pthread_getname_np(pthread_self(), thread, sizeof thread);
    const int reads = strcmp(thread, "batches") == 0 && rank && strcmp(rank, "0") == 0;
    if (reads && phase_one == 0)
        phase_one = gettid();
    if (reads && phase_one != gettid())
        for (int looks = 0; looks < 30000 && access("answers", F_OK) != 0; looks++)
            nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return ((int (*)(void *, unsigned long *, const void *, unsigned long))dlsym(RTLD_NEXT, "uncompress"))(
        to, size, from, bytes);
}
C
${CC:-cc} -shared -fPIC -o slow.so slow.c -ldl || fail "the shim"
cp -r corpus other
words="phase.one.steps=3 phase.two.steps=2 phase.two.corpus=other data.corpus=corpus"
shim=(env LD_PRELOAD="$WORK/slow.so" ASAN_OPTIONS=verify_asan_link_order=0)
# shellcheck disable=SC2086
begin 3 train slow $words
wait_until 60 logged "^phase two: " || fail "no second phase: $(tail -n 5 log.txt)"
stops "^step 4 is given up: the run is told to end"
grep -q "^stopped by .* after step 3 and" log.txt || { tail -n 5 log.txt; fail "slow: no word of the end"; }
shim=()
# shellcheck disable=SC2086
begin 3 train slow $words
ends
# shellcheck disable=SC2086
begin 3 train fast $words
ends
cmp slow/checkpoints/step-00000005.checkpoint fast/checkpoints/step-00000005.checkpoint ||
    fail "a step that was given up while its batch was awaited leaves a trace"

# --- in an evaluation ------------------------------------------------------------------------------------

# Minimal pairs for minutes.
awk 'BEGIN { for (i = 0; i < 40000; i++)
    print "{\"sentence_good\": \"The old king saw the river near the stone.\", \"sentence_bad\": \"The old king the river saw near the stone.\"}" }' >many.jsonl
head -n 10 many.jsonl >few.jsonl
words="data.corpus=corpus phase.one.steps=4 phase.two.steps=2 train.evaluate_every=3 train.checkpoint_every=0 train.log_every=1"
for ranks in 1 2; do
    judged=judged-$ranks
    # shellcheck disable=SC2086
    begin $ranks train $judged $words train.evaluate_pairs=many.jsonl
    wait_until 60 logged "^step 0, held-out" || fail "no evaluation: $(tail -n 5 log.txt)"
    stops "^the evaluation after step 0 is given up"
    grep -q "^stopped by .* before there was a step: nothing was to be saved" log.txt || fail "$(tail -n 5 log.txt)"
    [ ! -e $judged/checkpoints ] || fail "something is saved before the first step"

    # Of the first phase, when the run goes on without it; and after the last step, which is saved all the same.
    rm -r $judged
    # shellcheck disable=SC2086
    begin $ranks train whole-$ranks $words train.evaluate_pairs=few.jsonl
    ends
    # shellcheck disable=SC2086
    begin $ranks train $judged $words
    ends
    for step in 4 6; do
        rm $judged/checkpoints/step-00000006.checkpoint
        [ $step = 6 ] || sed -i '/"kind":"evaluation".*"total_step":4,/d' $judged/metrics.jsonl # as if it had been killed
        # shellcheck disable=SC2086
        begin $ranks train $judged $words train.evaluate_pairs=many.jsonl
        wait_until 60 logged "^step $step, held-out" || fail "no evaluation: $(tail -n 5 log.txt)"
        stops "^the evaluation after step $step is given up"
        grep -q "^stopped by .* after step $step and .*with a checkpoint" log.txt || fail "$(tail -n 5 log.txt)"
        [ "$(kinds_at $step $judged)" = "evaluation " ] || fail "step $step has $(kinds_at $step $judged)"
        # shellcheck disable=SC2086
        begin $ranks train $judged $words train.evaluate_pairs=few.jsonl
        ends
        [ "$(kinds_at $step $judged)" = "evaluation pairs " ] || fail "step $step has $(kinds_at $step $judged)"
        # How long the pairs took that were made up for is not how long the evaluation to come takes: of that nothing is known.
        [ $step = 6 ] || grep '"kind":"step".*"total_step":5,' $judged/metrics.jsonl | awk -F'"seconds":|"phase_seconds_left":' '
            { bad = $2 + 0 > 1.001 * $3 || 1.001 * $2 < $3 + 0 } END { exit bad || NR != 1 }' ||
            fail "$judged: what is left is judged by half an evaluation: $(grep '"total_step":5,' $judged/metrics.jsonl)"
    done
    cmp $judged/checkpoints/step-00000006.checkpoint whole-$ranks/checkpoints/step-00000006.checkpoint ||
        fail "an evaluation that was given up leaves a trace"
done
