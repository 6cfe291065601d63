# Sourced by the tests that are scripts (tests/FOLDER/test_NAME.sh BUILD). Sets up a folder of their own,
# deleted at the end, and the words to test with.
set -eu
BUILD=$(cd "$1" && pwd)
ROOT=$(cd "$(dirname "$0")/../.." && pwd)
LAMBERT=$BUILD/lambert
. "$ROOT/scripts/mpi-test-env.sh"
WORK=$(mktemp -d "${TMPDIR:-/tmp}/lambert-test.XXXXXX")
trap 'rm -rf "$WORK"' EXIT
cd "$WORK"

fail() {
    echo "FAILED: $*" >&2
    exit 1
}

# wait_until SECONDS COMMAND...: until the command succeeds; exit code 1 when it does not in so long
wait_until() {
    wait_end=$(($(date +%s) + $1))
    shift
    until "$@"; do
        [ "$(date +%s)" -le $wait_end ] || return 1
        sleep 0.02
    done
}

# expect CODE PATTERN COMMAND...: the command exits with CODE, and says PATTERN (grep -E) on stderr.
expect() {
    expected_code=$1 expected_pattern=$2
    shift 2
    seen_code=0
    "$@" >out.txt 2>err.txt </dev/null || seen_code=$?
    [ "$seen_code" = "$expected_code" ] ||
        { cat err.txt >&2; fail "'$*' gave exit code $seen_code, not $expected_code"; }
    grep -qE -- "$expected_pattern" err.txt ||
        { cat err.txt >&2; fail "'$*' did not say '$expected_pattern'"; }
}

# machine_cores: how many cores this machine has, where the system shows several hardware threads of each as CPUs, too
machine_cores() {
    machine_cores=$(cat /sys/devices/system/cpu/cpu[0-9]*/topology/thread_siblings_list 2>/dev/null | sort -u | wc -l)
    [ "$machine_cores" -gt 0 ] || machine_cores=$(getconf _NPROCESSORS_ONLN)
    echo "$machine_cores"
}

# rank_of PID: the rank that this process was started as, as mpirun of Open MPI and of MPICH tell it
rank_of() {
    tr '\0' '\n' <"/proc/$1/environ" | sed -nE 's/^(OMPI_COMM_WORLD|PMI)_RANK=//p'
}

# hydra: whether mpirun is MPICH's, and not Open MPI's
hydra() {
    mpirun --version 2>&1 | grep -q HYDRA
}

# make_text FILE DOCUMENTS: sentences of a small grammar (the subject decides most of the rest), one a
# line, blank lines between documents.
make_text() {
    awk -v documents="$2" 'BEGIN {
        srand(7)
        split("king,river,stone,city,bird,garden,letter,mountain,ship,lamp", noun, ",")
        split("saw,carried,lost,found,built,followed,remembered", verb, ",")
        split("old,quiet,golden,broken,distant,small", adjective, ",")
        for (d = 0; d < documents; d++) {
            for (s = 0; s < 6 + int(rand() * 10); s++) {
                n = int(rand() * 10)
                line = "The " adjective[1 + n % 6] " " noun[1 + n] " " verb[1 + n % 7]
                line = line " the " noun[1 + (n + 3) % 10]
                if (rand() < 0.3) line = line " near the " noun[1 + int(rand() * 10)]
                print line "."
            }
            print ""
        }
    }' >"$1"
}

# make_corpus: text.txt, vocab.txt and the folder corpus
make_corpus() {
    make_text text.txt 120
    "$LAMBERT" vocab --output vocab.txt --size 200 text.txt 2>log.txt || fail "vocab: $(cat log.txt)"
    "$LAMBERT" prep --vocabulary vocab.txt --output corpus --heldout 0.1 text.txt 2>log.txt ||
        fail "prep: $(cat log.txt)"
}

# train RANKS FOLDER WORDS...: a run of configs/tiny.ini on the corpus
train() {
    train_ranks=$1 train_folder=$2
    shift 2
    mpirun -n "$train_ranks" "$LAMBERT" train "$ROOT/configs/tiny.ini" data.corpus=corpus \
        run.folder="$train_folder" "$@" >>log.txt 2>&1
}

# field NAME FOLDER: the values of a field in the step lines of a run's metrics, one a line
field() {
    grep '"kind":"step"' "$2/metrics.jsonl" | sed -E "s/.*\"$1\":([^,}]*).*/\1/"
}

# agree TOLERANCE FILE FILE: numbers line by line, to a relative tolerance
agree() {
    paste "$2" "$3" | awk -v tolerance="$1" '
        NF != 2 { print "line " NR ": one of the two ends here"; bad = 1; exit }
        { d = $1 - $2; if (d < 0) d = -d; m = $1 < 0 ? -$1 : $1
          if (d > tolerance * m) { print "line " NR ": " $1 " and " $2; bad = 1 } }
        END { if (NR == 0) { print "no numbers"; bad = 1 } exit bad }'
}

# near FOLDER FOLDER: losses and gradient norms of each of 20 steps, up to what rounding operands to bfloat16
# does. An operand that is rounded is off by up to 2^-8
# of itself, a product of two by 2^-7. The losses of 20 steps of this model, with 8 seeds and the kernels v3,
# v4-bf16 and plain, were 0.0017 apart at most (0.0002 at the median); 2^-8 is twice as much.
near() {
    for loss in mlm_loss nsp_loss; do
        field $loss "$1" >one.txt
        field $loss "$2" >two.txt
        paste one.txt two.txt | awk '{ d = $1 - $2; if (d < 0) d = -d; if (!(d <= 1 / 256)) {
            print "step " NR ": " $0; bad = 1 } } END { exit bad || NR != 20 }' || fail "$loss of $1 and $2"
    done
    field gradient_norm "$1" >one.txt
    field gradient_norm "$2" >two.txt
    agree 0.0078125 one.txt two.txt || fail "gradient norms of $1 and $2"
}

# made_share FOLDER KERNELS TYPE: in both phases, 99% of the products' arithmetic or more is by these kernels on
# operands of this type
made_share() {
    python3 - "$@" <<'PYTHON'
import json, sys
folder, kernels, type = sys.argv[1:]
lines = [json.loads(line) for line in open(folder + "/metrics.jsonl")]
phases = [line["products"] for line in lines if line["kind"] == "products"]
assert len(phases) == 2, phases
for products in phases:
    assert sum(p["share"] for p in products) > 0.9999, products
    chosen = [p["share"] for p in products if (p["kernels"], p["operands"]) == (kernels, type)]
    assert sum(chosen) >= 0.99, (kernels, type, products)
PYTHON
}
