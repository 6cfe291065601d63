#!/bin/sh
# Event files beside the metrics: only where they are wanted, and one a process. What TensorBoard reads of them: make
# check-numerics; that a disk which is full later costs no run: tests/run/test_metrics.c.
. "$(dirname "$0")/../lib.sh"
make_corpus
short="phase.one.steps=4 phase.two.steps=2"

train 1 without $short || { cat log.txt; fail train; }
[ ! -e without/tensorboard ] || fail "there are event files that nobody wanted"

train 1 run $short train.tensorboard=yes || { cat log.txt; fail train; }
train 2 run phase.one.steps=4 phase.two.steps=3 train.tensorboard=yes --resume --accept phase.two.steps ||
    { cat log.txt; fail resume; }
[ "$(ls run/tensorboard | wc -l)" = 2 ] || fail "event files: $(ls run/tensorboard)"
for file in run/tensorboard/*; do
    for tag in train/mlm_loss evaluation/mlm_loss configuration run; do
        grep -qF "$tag" "$file" || fail "$file has no $tag"
    done
done
cmp without/checkpoints/step-00000006.checkpoint run/checkpoints/step-00000006.checkpoint || fail "other bits"

# The folder is a file, or the disk is full: said before any step.
mkdir refused && : >refused/tensorboard
expect 1 "refused/tensorboard" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=refused \
    run.threads=1 $short train.tensorboard=yes
if [ -e /dev/full ]; then
    cat >full.c <<'END'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
FILE *fopen(const char *path, const char *mode)
{
    FILE *(*real)(const char *, const char *) = (FILE * (*)(const char *, const char *)) dlsym(RTLD_NEXT, "fopen");
    return strstr(path, "tfevents") && strcmp(mode, "wbx") == 0 ? real("/dev/full", "wb") : real(path, mode);
}
END
    gcc -shared -fPIC -o full.so full.c -ldl || fail "cannot make a full disk"
    expect 1 "cannot write full/tensorboard/events.out.tfevents.*: No space left" env LD_PRELOAD="$WORK/full.so" \
        "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder=full run.threads=1 $short \
        train.tensorboard=yes
fi
