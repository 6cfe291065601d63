#!/bin/bash
# A campaign of faults: runs of all sorts are killed, signalled, made to stand still, starved and cut at moments of
# chance, and resumed. Each comes to the bits of a run that nobody disturbed, with every step and every evaluation
# once in its metrics, and leaves nothing behind.
#     tests/end_to_end/test_campaign.sh BUILD [FAULTS [SEED [FIRST]]]     # 6 faults, and a seed that is printed
#     make campaign COUNT=200 SEED=7 FIRST=31
# Each run has two faults, if it is not through after one. Run N of a seed is the same whichever went before it: FIRST
# repeats the one that failed, or goes on where a campaign was stopped.
. "$(dirname "$0")/../lib.sh"
faults=${2:-6} seed=${3:-$RANDOM} first=${4:-0}
FAULTS_A_RUN=2 LONGEST=120 # seconds without a word, until something is said to hang
# A checkpoint names the program that wrote it. One that is built anew meanwhile would be another.
cp "$LAMBERT" lambert
LAMBERT=$WORK/lambert

# --- what there is to disturb -------------------------------------------------------------------------

make_corpus >/dev/null 2>&1
grep . text.txt | head -n 500 | awk '{ printf "%s\t%d\n", $0, $3 < "l" }' >all.tsv
{ printf 'sentence\tearly\n'; head -n 400 all.tsv; } >train.tsv
{ printf 'sentence\tearly\n'; sed -n '401,500p' all.tsv; } >dev.tsv
sed -n '1,12p' all.tsv | awk -F'\t' '{ good = $1; sub(/ the /, " saw the ", $1)
    printf "{\"sentence_good\": \"%s\", \"sentence_bad\": \"%s\", \"UID\": \"verbs\"}\n", good, $1 }' >pairs.jsonl
cat >finetune.ini <<'END'
[task]
kind = classification
text = sentence
label = early
train = train.tsv
evaluate = dev.tsv

[optimizer]
name = adamw

[phase tune]
sequence_length = 64
global_batch = 16
steps = 400
learning_rate = 0.003
warmup_ratio = 0.1
END
cp "$ROOT/configs/tiny.ini" train.ini
train 1 base phase.two.steps=1 || { tail -n 5 log.txt; fail "the model that fine-tuning starts from"; }
# A disk on which it takes half a second until a thread that reads batches ahead has its first block.
cat >slow.c <<'C'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <time.h>
#include <unistd.h>
int uncompress(void *to, unsigned long *size, const void *from, unsigned long bytes)
{
    static __thread int opened;
    if (gettid() != getpid() && opened++ == 0)
        for (struct timespec left = {.tv_nsec = 500000000}; nanosleep(&left, &left) != 0;)
            ;
    return ((int (*)(void *, unsigned long *, const void *, unsigned long))dlsym(RTLD_NEXT, "uncompress"))(
        to, size, from, bytes);
}
C
${CC:-cc} -shared -fPIC -o slow.so slow.c -ldl || fail "the slow disk"
common="run.threads=1 run.lock_seconds=60 train.micro_batch_tokens=256 train.log_every=1 train.checkpoint_every=60
    train.checkpoint_minutes=0.004 train.checkpoint_keep_every=150 train.watchdog_seconds=60 train.replay_every=7"
words_of_train="$common phase.one.steps=300 phase.two.steps=100 data.corpus=read train.evaluate_every=45
    train.evaluate_pairs=pairs.jsonl"
words_of_finetune="$common run.start_from=base train.evaluate_every=45"
steps=400

# Open MPI's segments, and a small disk for the run folders, where one can be made.
mkdir disk shm
mkfifo nothing
export OMPI_MCA_btl_vader_backing_directory=$WORK/shm
mounted=no
[ "$(id -u)" = 0 ] && mount -t tmpfs -o size=24m tmpfs disk 2>/dev/null && mounted=yes
job='' folder=''
end_campaign() {
    # shellcheck disable=SC2046
    [ -z "$job" ] || kill -KILL "$job" $(ranks_of "$folder") 2>/dev/null || :
    [ $mounted = no ] || umount -l disk
    rm -rf "$WORK"
}
trap end_campaign EXIT

# --- kinds of faults ----------------------------------------------------------------------------------

kinds=(rank-KILL mpirun-KILL all-KILL rank-TERM rank-INT rank-HUP rank-USR1 rank-USR2 rank-XCPU mpirun-TERM mpirun-INT
    mpirun-HUP mpirun-USR1 mpirun-USR2 mpirun-XCPU rank-STOP time-over shard-cut checkpoint-cut folder-moved disk-full)
[ $mounted = yes ] || unset 'kinds[-1]'
RANDOM=$seed
for ((k = ${#kinds[@]} - 1; k > 0; k--)); do
    other=$((RANDOM % (k + 1))) kind=${kinds[k]}
    kinds[k]=${kinds[other]}
    kinds[other]=$kind
done

broken() {
    tail -n 15 log.txt
    cp log.txt "${CAMPAIGN_FAILED:-/dev/null}" 2>/dev/null || :
    fail "run $run, $kind ($moment), $folder on $ranks ranks in $type: $*
  make campaign COUNT=$FAULTS_A_RUN SEED=$seed FIRST=$run     # repeats it"
}

ranks_of() {
    pgrep -f "^$LAMBERT (train|finetune) .*run.folder=$1 " || :
}

is_over() {
    ! kill -0 "$job" 2>/dev/null
}

nobody_left() {
    [ -z "$(ranks_of "$folder")" ]
}

# A process before it can hear signals dies of them, as any does: SIGXCPU's handler comes last (bit 23 of SigCgt).
listens() {
    caught=$(sed -n 's/^SigCgt:\t*//p' "/proc/$1/status" 2>/dev/null)
    [ -z "$caught" ] || [ $((0x$caught >> 23 & 1)) = 1 ]
}

last_step() {
    tail -n 1 <(field total_step "$folder" 2>/dev/null)
}

# start WORDS...: the run begins, or what is left of it; it is $job
start() {
    : >log.txt
    launcher="mpirun -n $ranks"
    [ $alone = no ] || launcher=
    [ "$moment" != batch ] || launcher="$launcher env LD_PRELOAD=$WORK/slow.so ASAN_OPTIONS=verify_asan_link_order=0"
    # shellcheck disable=SC2086
    env --default-signal=INT $launcher "$LAMBERT" $work $work.ini run.folder="$folder" $words "$@" --resume \
        --stopped-code 75 >>log.txt 2>&1 &
    job=$!
}

# patience: there is some left, as long as the run says something; $said and $wait_end are its memory
patience() {
    [ "$(stat -c %s log.txt)" = "$said" ] || wait_end=$((SECONDS + LONGEST)) said=$(stat -c %s log.txt)
    [ $SECONDS -le $wait_end ]
}

# finish: waits for its end, and sets $code
finish() {
    said=
    until is_over; do
        patience || broken "it hangs"
        sleep 0.02
    done
    code=0
    { wait "$job" || code=$?; } 2>/dev/null # bash would tell of who was killed
    wait_until $LONGEST nobody_left || broken "mpirun has ended with $code, and a rank is left"
    job=''
}

# --- moments ------------------------------------------------------------------------------------------

started() {
    ! nobody_left
}

stages() {
    compgen -G 'stage/lambert-stage-*[0-9]' >/dev/null
}

begins() {
    grep -q '^phase .*: ' log.txt
}

made() {
    grep -qs "\"total_step\":$awaited," "$folder/metrics.jsonl"
}

saves() {
    compgen -G "$folder/checkpoints/*.tmp-*" >/dev/null
}

# soon CONDITION: waits for what may be there for some milliseconds only, or until the run is over
soon() {
    said=
    for ((looks = 0; ; looks++)); do
        ! is_over && ! "$@" || return 0
        [ $((looks % 100)) != 0 ] || patience || return 1
        read -rt 0.002 <>nothing || :
    done
}

# a_part: $part is a part, by chance, of the milliseconds that the undisturbed run took. (Not to be called in $(...), where
# RANDOM begins anew, whatever the seed.)
a_part() {
    part=$((took[ranks] * RANDOM / 32768))
}

# seconds_of MILLISECONDS [/ DIVISOR]
seconds_of() {
    awk "BEGIN { printf \"%.8f\", $1 / 1000 ${*:2} }"
}

# await MOMENT: until it is there, or the run is over
await() {
    before=$(last_step) awaited=$steps
    case $1 in
    chance) a_part && sleep "$(seconds_of $part)" ;;
    start) soon started ;;
    staging) soon stages ;;
    first-evaluation) soon begins ;;
    batch) soon begins && sleep 0.2 ;;
    evaluation) awaited=$(((${before:-0} / 45 + 1) * 45)) && soon made ;;
    checkpoint) soon saves ;;
    end) soon made ;;
    esac || broken "the moment does not come"
}

# --- faults -------------------------------------------------------------------------------------------

# all_listen: every rank is there and does, or the run is over: to all of them mpirun passes on what it is sent
all_listen() {
    is_over && return
    mapfile -t pids < <(ranks_of "$folder")
    [ ${#pids[@]} = "$ranks" ] || return 1
    for pid in "${pids[@]}"; do
        listens "$pid" || return 1
    done
}

# send WHO SIGNAL: to one rank, to mpirun or to all
send() {
    mapfile -t pids < <(ranks_of "$folder")
    [ ${#pids[@]} != 0 ] || return 0
    pid=${pids[RANDOM % ${#pids[@]}]}
    case $1-$2 in
    *-KILL) ;;
    mpirun-*) wait_until $LONGEST all_listen || broken "not all ranks listen" ;;
    *) wait_until $LONGEST listens "$pid" || broken "process $pid does not listen" ;;
    esac
    case $1 in
    rank) kill -"$2" "$pid" ;;
    mpirun) kill -"$2" "$job" ;;
    all) kill -"$2" "$job" "${pids[@]}" ;;
    esac 2>/dev/null || :
}

cut_short() {
    [ ! -e "$1" ] || truncate -s $((RANDOM * $(stat -c %s "$1") / 32768)) "$1"
}

cut_newest() {
    mapfile -t stored < <(ls "$folder"/checkpoints/*.checkpoint 2>/dev/null)
    [ ${#stored[@]} -lt 2 ] || cut_short "${stored[-1]}"
}

cut_shard() {
    file=$(ls -d stage/lambert-stage-*[0-9]/0/train-00000.shard 2>/dev/null | head -n 1)
    cut_short "${file:-read/train-00000.shard}" 2>/dev/null || : # the run may end meanwhile, and its copy with it
}

# saved: what was trained is there when a run that was told to end says that it has. (One that was told before its first step
# had nothing to save: the last step that metrics tell of may be of a process that was killed before it.)
saved() {
    trained=$(last_step)
    grep -q '^stopped by .*: nothing was to be saved$' log.txt && ! grep -q '^phase .*, step ' log.txt && return
    [ "${trained:-0}" = 0 ] || [ -e "$folder/checkpoints/step-$(printf %08d "$trained").checkpoint" ] ||
        broken "step $trained was trained, and saved is: $(ls "$folder/checkpoints")"
}

# ended CODES PATTERN: it ended with one of these codes, and with code 1 it says so
ended() {
    case " $1 " in *" $code "*) ;; *) broken "exit code $code" ;; esac
    [ $code != 1 ] || [ -z "${2:-}" ] || grep -qE "$2" log.txt || broken "it does not say '$2'"
}

# disturb KIND MOMENT: once, and what becomes of it
disturb() {
    who=${1%-*} signal=${1#*-}
    case $1 in
    time-over) a_part && start --max-hours "$(seconds_of $part / 3600)" ;;
    *) start ;;
    esac
    await "$2"
    case $1 in
    time-over) finish && ended "0 75" && [ $code = 0 ] || saved ;;
    rank-STOP)
        send rank STOP
        sleep 0.$((RANDOM % 10))
        [ ${#pids[@]} = 0 ] || kill -CONT "$pid" 2>/dev/null || :
        finish && ended 0
        ;;
    shard-cut)
        cut_shard
        finish && ended "0 1" "train-00000.shard|stage_folder"
        rm -rf read && cp -r corpus read
        ;;
    checkpoint-cut)
        send all KILL
        finish
        cut_newest
        ;;
    folder-moved)
        [ ! -e "$folder/metrics.jsonl" ] || mv "$folder" disk/moved
        finish && ended "0 1" "run folder $folder was moved"
        [ ! -e disk/moved ] || { [ ! -e "$folder" ] && mv disk/moved "$folder"; } || broken "two folders"
        ;;
    disk-full)
        dd if=/dev/zero of=disk/filler bs=4k 2>/dev/null || :
        finish
        rm disk/filler
        ended "0 1" "No space left on device"
        ;;
    *-KILL) send "$who" KILL && finish ;;
    rank-*) send rank "$signal" && finish && ended "0 75" && { [ $code = 0 ] || saved; } ;;
    mpirun-USR*)
        send mpirun "$signal" && finish
        # Of SIGUSR2 MPICH's dies, and its ranks with it.
        [ "$signal" = USR2 ] && hydra || { ended "0 75" && { [ $code = 0 ] || saved; }; }
        ;;
    mpirun-*) send mpirun "$signal" && finish ;;
    esac
    case $code in 0) became=complete ;; 75) became=stopped ;; 1) became=ended ;; *) became=killed ;; esac
    echo "run $run: $work, $ranks rank(s), $type, $staged: $1 at $2, step $(last_step): $became" | tee -a results
    disturbed=$((disturbed + 1))
}

# --- a run --------------------------------------------------------------------------------------------

# what_was_told FOLDER: of each step and evaluation what does not depend on the time
what_was_told() {
    grep '"kind":"step"' "$1/metrics.jsonl" | grep -oE '"(total_step|loss|gradient_norm)":[^,}]*'
    grep -E '"kind":"(evaluation|pairs)"' "$1/metrics.jsonl"
}

now() {
    echo $((${EPOCHREALTIME/[.,]/} / 1000))
}

# undisturbed: the run of this work, these ranks and this type that nobody disturbs, made when it is first asked for
undisturbed() {
    whole=whole/$work-$ranks-$type
    if [ ! -e "$whole" ]; then
        folder=$whole alone=no
        begun=$(now)
        start
        finish
        [ $code = 0 ] || broken "undisturbed it ends with $code"
        echo $(($(now) - begun)) >"$whole/took"
        what_was_told "$whole" >"$whole/told"
    fi
    took[ranks]=$(cat "$whole/took")
}

# compare: the run is through, and is what an undisturbed one is
compare() {
    what_was_told "$folder" >told
    diff "$whole/told" told >differences || { head -n 5 differences; broken "its metrics differ, or have a line twice"; }
    for file in checkpoints/step-$(printf %08d $steps).checkpoint best.checkpoint; do
        [ ! -e "$whole/$file" ] || cmp "$whole/$file" "$folder/$file" || broken "$file is not what it is undisturbed"
    done
    ! find "$folder" -name '*.tmp-*' | grep . || broken "files in progress are left"
    [ -z "$(ls -A stage 2>/dev/null)" ] || broken "the stage is left: $(ls stage)"
}

# one_run: run number $run, disturbed, resumed and looked at
one_run() {
    RANDOM=$(echo "$seed $run" | cksum | cut -d ' ' -f 1)
    works=(train finetune) types=(float32 bfloat16) staging=(staged read-where-it-lies)
    work=${works[RANDOM % 2]} ranks=$((1 + RANDOM % 3)) type=${types[RANDOM % 2]} staged=${staging[RANDOM % 2]}
    chosen=()
    for ((f = 0; f < FAULTS_A_RUN; f++)); do
        chosen[f]=${kinds[(run * FAULTS_A_RUN + f) % ${#kinds[@]}]}
        [ "${chosen[f]}" != shard-cut ] || work=train
    done
    words="train.compute_type=$type $words_of_finetune" && [ $work = finetune ] || words="train.compute_type=$type $words_of_train"
    [ $work = train ] && [ $staged = staged ] && words="$words data.stage_folder=stage" || staged=read-where-it-lies
    kind=none moment=none
    undisturbed
    folder=disk/run-$run
    for kind in "${chosen[@]}"; do
        moments=(chance chance start first-evaluation evaluation checkpoint end)
        [ $staged = read-where-it-lies ] || moments+=(staging)
        [ $work = finetune ] || moments+=(batch)
        case $kind in folder-moved | disk-full) moments=(evaluation checkpoint end) ;; esac
        moment=${moments[RANDOM % ${#moments[@]}]} alone=no
        case $ranks-$kind in 1-mpirun-*) ;; 1-*) alone=yes ;; esac
        disturb "$kind" "$moment"
        [ $code != 0 ] || break
    done
    moment="resumed after $moment" alone=no
    start
    finish
    [ $code = 0 ] || broken "it cannot be resumed: exit code $code"
    compare
    rm -rf "$folder"
}

# --- the campaign -------------------------------------------------------------------------------------

cp -r corpus read
: >results
disturbed=0
declare -a took
for ((run = first; disturbed < faults; run++)); do
    one_run
done

find shm -type f -exec touch -d '5 minutes ago' {} +
"$ROOT/scripts/clean-shared-memory" shm
[ -z "$(ls -A shm)" ] || fail "left in shared memory: $(ls shm)"
for process in /proc/[0-9]*; do
    [ "$(readlink "$process/cwd")" != "$WORK" ] || [ "${process#/proc/}" = $$ ] || ! kill -0 "${process#/proc/}" 2>/dev/null ||
        fail "a process is left: $(tr '\0' ' ' <"$process/cmdline")"
done

sed -E 's/.*: ([^ ]*) at ([^,]*), step [0-9]*: (.*)/\1 \2 \3/' results | awk '
    { count[$1]++; of[$1, $3]++; moments[$1] = moments[$1] (index(moments[$1], $2) ? "" : " " $2) }
    END { printf "%-16s %6s %9s %8s %6s %7s  at\n", "fault", "times", "complete", "stopped", "ended", "killed"
          for (kind in count) printf "%-16s %6d %9d %8d %6d %7d %s\n", kind, count[kind], of[kind, "complete"],
              of[kind, "stopped"], of[kind, "ended"], of[kind, "killed"], moments[kind] | "sort" }'
echo "$((run - first)) runs, disturbed $disturbed times, each to the same bits (seed $seed, runs $first to $((run - 1)))"
[ $mounted = yes ] || echo "no small disk can be made here: it was not filled"
