#!/bin/sh
# What bash offers for the last word of a line, with the script of `lambert help --completion`.
. "$(dirname "$0")/../lib.sh"
command -v bash >/dev/null || { echo "skipped: bash is not here"; exit 0; }
"$LAMBERT" help --completion >completion.bash 2>err.txt || fail "help --completion: $(cat err.txt)"
mkdir -p texts/more corpus
: >demo.ini
: >texts/one.txt

cat >offer.bash <<'END'
. ./completion.bash
complete -p lambert >/dev/null || exit 1
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_lambert
printf '%s\n' "${COMPREPLY[@]}" | sort | tr '\n' ' '
END

# offers WANTED WORD...: for the last word
offers() {
    wanted=$1
    shift
    seen=$(bash --norc --noprofile offer.bash "$@" 2>err.txt) || fail "'$*': $(cat err.txt)"
    [ ! -s err.txt ] || fail "'$*': $(cat err.txt)"
    # shellcheck disable=SC2116 # echo makes one line of them
    [ "$(echo $seen)" = "$wanted" ] || fail "'$*' is offered '$seen', not '$wanted'"
}

offers "bench doctor embed eval export fill finetune help import plan predict prep score selftest show train vocab" lambert ""
offers "embed eval export" lambert e
offers "answers balance batch checkpoint config corpus features gradients sentences tokens" lambert show ""
offers "balance batch" lambert show ba
offers "kernels model net prep store" lambert bench ""
offers "--count --first --help --json --phase --split" lambert show batch -
offers "--checkpoint" lambert export --c
offers "heldout train" lambert show batch --split ""
offers "heldout" lambert show batch --split = h
offers "heldout train" lambert show batch --split =
offers "bf16 f16 f32" lambert export --checkpoint run --dtype ""
offers "deflate documents" lambert bench prep --stage d
offers "" lambert show batch --phase ""
offers "" lambert vocab --size 1
offers "demo.ini" lambert train dem
offers "demo.ini" lambert train --resume dem
offers "demo.ini" lambert train --accept keys dem
offers "train.micro_batch_tokens=" lambert train demo.ini train.mic
offers "train.micro_batch_tokens=" lambert train demo.ini run.seed = 3 --resume train.mic
offers "" lambert train demo.ini run.seed = 3
offers "phase.two.sequence_length=" lambert train demo.ini phase.two.seq
offers "corpus" lambert show corpus c
offers "texts" lambert prep --vocabulary demo.ini te
offers "texts/more texts/one.txt" lambert prep --vocabulary demo.ini texts/
offers "texts/more" lambert bench store --folder texts/
offers "" lambert bench net ""
