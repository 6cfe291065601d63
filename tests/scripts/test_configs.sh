#!/bin/sh
# Lambert accepts every configuration; those of the paper's table, put together by inclusion, are what
# one whole file would be, and what configs/README.md says; and the reference page is of today.
. "$(dirname "$0")/../lib.sh"

# One file that includes none. SIZE WIDTH LAYERS HEADS INTERMEDIATE ROW, then twice BATCH STEPS RATE WARM-UP
whole() {
    cat <<END
[run]
folder = runs/bert-$1-$6
seed = 1

[data]
corpus = corpus

[model]
hidden_size = $2
num_hidden_layers = $3
num_attention_heads = $4
intermediate_size = $5
hidden_act = gelu
hidden_dropout_prob = 0.1
attention_probs_dropout_prob = 0.1
max_position_embeddings = 512

[optimizer]
name = lamb
beta1 = 0.9
beta2 = 0.999
epsilon = 1e-6
weight_decay = 0.01
max_grad_norm = 1
bias_correction = yes

[train]
micro_batch_tokens = 4096
evaluate_every = 500
evaluate_sequences = 10000
checkpoint_every = 100
checkpoint_keep = 3

[phase one]
sequence_length = 128
max_predictions_per_sequence = 20
global_batch = $7
steps = $8
learning_rate = $9
warmup_ratio = ${10}
decay_power = 1
schedule = continuous

[phase two]
sequence_length = 512
max_predictions_per_sequence = 80
global_batch = ${11}
steps = ${12}
learning_rate = ${13}
warmup_ratio = ${14}
decay_power = 1
schedule = continuous
END
}

both() { # what the phases have, told once where it is the same
    [ "$1" = "$2" ] && echo "$1" || echo "$1, $2"
}

compared=0
while read -r row batch steps rate warmup batch2 steps2 rate2 warmup2; do
    for size in "base 768 12 12 3072" "large 1024 24 16 4096"; do
        file=bert-${size%% *}-$row.ini
        # shellcheck disable=SC2086
        whole $size "$row" "$batch" "$steps" "$rate" "$warmup" "$batch2" "$steps2" "$rate2" "$warmup2" >whole.ini
        "$LAMBERT" show config whole.ini >wanted.ini || fail "the whole of $file"
        "$LAMBERT" show config "$ROOT/configs/$file" >found.ini || fail "$file"
        cmp wanted.ini found.ini || { diff wanted.ini found.ini; fail "configs/$file is not its row of the table"; }
        compared=$((compared + 1))
    done
    line="| \`$row\` | $(both "$batch" "$batch2") | $steps | $steps2 | $(both "$rate" "$rate2") | $(both "$warmup" "$warmup2") |"
    grep -qxF "$line" "$ROOT/configs/README.md" || fail "configs/README.md has no row '$line'"
done <<END
512 512 900000 6.25e-4 0.003125 512 100000 6.25e-4 0.003125
1k 1024 450000 8.83883e-4 0.00625 1024 50000 8.83883e-4 0.00625
2k 2048 225000 1.25e-3 0.0125 2048 25000 1.25e-3 0.0125
4k 4096 112500 1.76777e-3 0.025 4096 12500 1.76777e-3 0.025
8k 8192 56250 2.5e-3 0.05 8192 6250 2.5e-3 0.05
16k 16384 28125 3.53553e-3 0.1 16384 3125 3.53553e-3 0.1
32k 32768 14063 5e-3 0.2 32768 1562 5e-3 0.2
64k 65536 7037 6e-3 0.2843 32768 1562 4e-3 0.128
END
[ "$compared" = 16 ] || fail "not 16 files: $compared"

# The recipes take as long as the plans of today say.
"$ROOT/scripts/study/recipes.py" "$BUILD" --check || fail "the recipes of configs/README.md"

# Parts are to be completed; tests and demo get their folders; all others stand alone.
for file in "$ROOT"/configs/*.ini; do
    words=
    case ${file##*/} in
    bert.ini | bert-base.ini | bert-large.ini)
        expect 1 "'phase.one.steps' is not given and has no default" "$LAMBERT" show config "$file" run.folder=run
        continue
        ;;
    recipe.ini)
        expect 1 "'data.corpus' is not given and has no default" "$LAMBERT" show config "$file" run.folder=run
        continue
        ;;
    demo.ini | tiny.ini) words="run.folder=run data.corpus=corpus" ;;
    finetune-demo.ini) words="run.folder=run task.train=train.tsv" ;;
    esac
    # shellcheck disable=SC2086
    "$LAMBERT" show config "$file" $words >shown.ini 2>err.txt || { cat err.txt; fail "$file"; }
    grep -qF "[phase " shown.ini || { cat shown.ini; fail "$file has no phase"; }
    ! grep -q include shown.ini || fail "$file is shown with what it includes left out"
    "$LAMBERT" show config shown.ini >again.ini || fail "what $file means does not read back"
    cmp shown.ini again.ini || fail "what $file means reads back as something else"
done
[ ! -e run ] || fail "show config made a run folder"

# A file of one's own, elsewhere.
printf 'include = %s/configs/bert-mini.ini\n[run]\nfolder = mine\n[phase one]\nsteps = 5\n' "$ROOT" >my.ini
"$LAMBERT" show config my.ini >shown.ini || fail "my.ini"
"$LAMBERT" show config "$ROOT/configs/bert-mini.ini" run.folder=mine phase.one.steps=5 | cmp - shown.ini ||
    fail "what my.ini says does not win"

# The reference page is what the table of keys says now.
"$LAMBERT" show config --markdown | cmp - "$ROOT/docs/config.md" || fail "docs/config.md is stale: make docs"
