#!/bin/bash
# Runs that are killed and signalled at random moments, on one and two ranks, with checkpoints by the clock and beside
# training: each is resumed until it is through, to the bits of a run that nobody disturbed.
#     tests/end_to_end/test_campaign.sh BUILD [RUNS [SEED]]     # 6 runs, and a seed that is printed
. "$(dirname "$0")/../lib.sh"
runs=${2:-6} seed=${3:-$RANDOM}
RANDOM=$seed
make_corpus >/dev/null 2>&1
words="phase.one.steps=400 phase.two.steps=100 run.threads=1 train.log_every=1 train.checkpoint_every=60
    train.checkpoint_minutes=0.001 train.checkpoint_keep_every=150 train.evaluate_every=90 train.evaluate_sequences=16"
signals=(KILL TERM KILL INT USR1 KILL HUP USR2)
disturbed=0

end_of() {
    ls "$1"/checkpoints/*.checkpoint | tail -n 1
}

# seconds since 1970, with a fraction
now() {
    echo "${EPOCHREALTIME/,/.}"
}

job=''
trap '[ -z "$job" ] || kill -KILL $job 2>/dev/null || :; rm -rf "$WORK"' EXIT
for ranks in 1 2; do
    begun=$(now)
    # shellcheck disable=SC2086
    train $ranks whole.$ranks $words || { tail -n 5 log.txt; fail "undisturbed on $ranks ranks"; }
    took[ranks]=$(echo "$(now) - $begun" | bc)
done

# A process before it can hear signals dies of them, as any does: SIGXCPU's handler comes last (bit 23 of SigCgt).
listens() {
    caught=$(sed -n 's/^SigCgt:\t*//p' "/proc/$1/status" 2>/dev/null)
    [ -z "$caught" ] || [ $((0x$caught >> 23 & 1)) = 1 ]
}

# disturb FOLDER RANKS SIGNAL: a run, or what is left of it; the signal comes somewhere between its start and its end
disturb() {
    : >log.txt
    # shellcheck disable=SC2086
    train "$2" "$1" $words --resume &
    job=$!
    sleep "$(echo "scale=3; ${took[$2]} * $RANDOM / 32768" | bc)"
    mapfile -t pids < <(pgrep -f "^$LAMBERT train .*run.folder=$1 ")
    if [ ${#pids[@]} != 0 ]; then
        pid=${pids[RANDOM % ${#pids[@]}]}
        [ "$3" = KILL ] || wait_until 20 listens "$pid" || fail "$1: process $pid does not listen (seed $seed)"
        kill -"$3" "$pid" 2>/dev/null || :
    fi
    code=0
    wait $job || code=$?
    [ $code = 0 ] || [ "$3" = KILL ] || { tail -n 5 log.txt; fail "$1: exit code $code after SIG$3 (seed $seed)"; }
    disturbed=$((disturbed + 1))
}

for ((run = 0; run < runs; run++)); do
    ranks=$((1 + run % 2)) folder=run.$run
    for ((times = 1 + RANDOM % 3; times > 0; times--)); do
        disturb $folder $ranks "${signals[RANDOM % ${#signals[@]}]}"
    done
    : >log.txt
    # shellcheck disable=SC2086
    train $ranks $folder $words --resume || { tail -n 5 log.txt; fail "$folder: the last part (seed $seed)"; }
    cmp "$(end_of whole.$ranks)" "$(end_of $folder)" || fail "$folder is not what an undisturbed run is (seed $seed)"
    field mlm_loss whole.$ranks >whole.loss
    field mlm_loss $folder >run.loss
    cmp whole.loss run.loss || fail "$folder: losses differ, or are missing (seed $seed)"
    ! ls $folder/checkpoints/*.tmp-* >/dev/null 2>&1 || fail "$folder: files in progress are left (seed $seed)"
    rm -rf $folder
done
echo "$runs runs, disturbed $disturbed times, each to the same bits (seed $seed)"
