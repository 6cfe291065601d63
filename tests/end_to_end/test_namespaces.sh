#!/bin/sh
# Each rank in a user namespace of its own, as rootless containers have it: training comes to its end, though Open MPI
# could not read one rank's memory from another, and the plan counts as many copies of the weights as there are.
. "$(dirname "$0")/../lib.sh"
unset OMPI_MCA_btl_vader_single_copy_mechanism
unshare --user --map-current-user true 2>/dev/null || { echo "skipped: no user namespaces may be made here"; exit 0; }
make_corpus
words="model.hidden_size=384 model.num_hidden_layers=1 model.num_attention_heads=6 model.intermediate_size=1536
    train.watchdog_seconds=20 phase.one.steps=2 phase.two.steps=1"

# begin FOLDER COMMAND...
begin() {
    begin_folder=$1
    shift
    # shellcheck disable=SC2086
    mpirun -n 2 "$@" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus run.folder="$begin_folder" $words \
        >"$begin_folder.txt" 2>&1 || fail "train, $*: $(cat "$begin_folder.txt")"
}
# megabytes FOLDER: of its machine
megabytes() {
    sed -n "s/^memory of rank 0's machine: \([0-9]*\) MB.*/\1/p" "$1.txt"
}
begin together
grep -q "weights .* MB, which the ranks of a node share" together.txt || fail "the weights are not shared"
begin apart unshare --user --map-current-user
grep -q "warning: the ranks of a node share no memory" apart.txt || fail "no warning: $(cat apart.txt)"
! grep -q "which the ranks of a node share" apart.txt || fail "the plan counts shared weights: $(cat apart.txt)"
weights=$(sed -n 's/.*; weights \([0-9]*\) MB.*/\1/p' apart.txt)
[ "$(megabytes apart)" -ge $(($(megabytes together) + weights - 1)) ] ||
    fail "the plan has $(megabytes apart) MB apart, $(megabytes together) MB together, of weights $weights MB"
for name in mlm_loss nsp_loss; do
    field $name together >one.txt
    field $name apart >two.txt
    agree 1e-3 one.txt two.txt || fail "$name of the two runs"
done
