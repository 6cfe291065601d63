#!/bin/sh
# Vectors of texts by lambert embed: arrays and JSON lines say the same, mean, [CLS] and length are what they
# are called, and ranks, threads and micro-batches change nothing. Against transformers: make check-numerics.
. "$(dirname "$0")/../lib.sh"
make_corpus
train 1 base phase.two.steps=1 || { cat log.txt; fail "the model"; }
grep . text.txt | head -n 400 >lines.txt
{ echo; printf 'The old king.\tA river and a stone.\n'; } >>lines.txt
tr '\n' ' ' <text.txt | cut -c 1-3000 >>lines.txt

# embed WORDS...
embed() {
    $LAUNCH "$LAMBERT" embed --model base "$@" lines.txt >log.txt 2>&1 || { cat log.txt; fail "embed $*"; }
}
LAUNCH=

embed --output mean.npy
grep -q '^1 of 403 texts are longer than 64 tokens and were cut$' log.txt || fail "not cut: $(cat log.txt)"
embed --output cls.npy --pool cls
embed --output pooler.npy --pool pooler
embed --output unit.npy --normalize
embed --output layers.npy --layers 0,-1,2
embed --output tokens.npy --pool tokens --layers -1,1
embed --output tokens.jsonl --pool tokens --layers -1,1
embed --output mean.jsonl --layers -1
embed --output pooler.jsonl --pool pooler
embed --output short.npy --pool tokens --sequence-length 4 --layers 0
embed --output bfloat16.npy --compute-type bfloat16
"$LAMBERT" embed --model base --output piped.npy <lines.txt 2>log.txt || fail "from standard input"
cmp mean.npy piped.npy || fail "standard input gives other vectors"

# Alone and by many; in micro-batches so small that one rank takes four rounds of 16.
for ranks in 1 2 3; do
    mkdir -p $ranks
    LAUNCH="mpirun -n $ranks"
    [ $ranks -gt 1 ] || LAUNCH=
    for pool in mean tokens pooler; do
        embed --output $ranks/$pool.npy --pool $pool --micro-batch-tokens 64 --threads $((1 + ranks % 2))
    done
    cmp 1/tokens.offsets.npy $ranks/tokens.offsets.npy || fail "$ranks ranks: other offsets"
    cmp 1/tokens.ids.npy $ranks/tokens.ids.npy || fail "$ranks ranks: other tokens"
done

cat >check.py <<'END'
import json, struct

def load(path):
    """Shape and numbers of a *.npy, by its definition."""
    with open(path, "rb") as file:
        data = file.read()
    assert data[:8] == b"\x93NUMPY\x01\x00", path
    end = 10 + struct.unpack("<H", data[8:10])[0]
    assert end % 64 == 0 and data[end - 1:end] == b"\n", path
    head = eval(data[10:end])
    assert not head["fortran_order"]
    code = {"<f4": "f", "<i4": "i", "<i8": "q"}[head["descr"]]
    numbers = memoryview(data[end:]).cast(code).tolist()
    size = 1
    for length in head["shape"]:
        size *= length
    assert size == len(numbers), path
    return head["shape"], numbers

def close(what, seen, wanted, limit):
    assert len(seen) == len(wanted), (what, len(seen), len(wanted))
    worst = max(abs(a - b) for a, b in zip(seen, wanted))
    assert worst <= limit, (what, worst)
    return worst

N, H = 403, 32
shape, mean = load("mean.npy")
assert shape == (N, H), shape
assert load("cls.npy")[0] == load("pooler.npy")[0] == load("unit.npy")[0] == (N, H)
unit = load("unit.npy")[1]
shape, layers = load("layers.npy")
assert shape == (N, 3, H), shape
_, cls = load("cls.npy")
shape, tokens = load("tokens.npy")
(_, offsets), (_, ids) = load("tokens.offsets.npy"), load("tokens.ids.npy")
assert shape == (offsets[-1], 2, H) and offsets[-1] > 3 * 16 * 64 and len(ids) == offsets[-1] and len(offsets) == N + 1
assert [offsets[N - 2] - offsets[N - 3], offsets[N] - offsets[N - 1]] == [2, 64]
vocabulary = open("vocab.txt").read().split("\n")
lines = [json.loads(line) for line in open("tokens.jsonl")]
assert [line["linex_index"] for line in lines] == list(range(N))

def row(t, k):
    return tokens[(t * 2 + k) * H:(t * 2 + k + 1) * H]

for n in range(N):
    begin, end = offsets[n], offsets[n + 1]
    pieces = [vocabulary[i] for i in ids[begin:end]]
    assert pieces[0] == "[CLS]" and pieces[-1] == "[SEP]" and pieces.count("[SEP]") == 1 + (n == N - 2)
    assert [feature["token"] for feature in lines[n]["features"]] == pieces
    for t in range(begin, end):
        for k, index in enumerate((-1, 1)):
            layer = lines[n]["features"][t - begin]["layers"][k]
            assert layer["index"] == index
            floats = struct.unpack("32f", struct.pack("32f", *layer["values"]))
            close("JSON", floats, row(t, k), 0)
    of_text = mean[n * H:(n + 1) * H]
    close("mean", [sum(row(t, 0)[h] for t in range(begin, end)) / (end - begin) for h in range(H)],
          of_text, 1e-6)
    close("[CLS]", row(begin, 0), cls[n * H:(n + 1) * H], 1e-6)
    close("one of several layers", layers[(n * 3 + 1) * H:(n * 3 + 2) * H], of_text, 1e-6)
    length = sum(x * x for x in of_text) ** 0.5
    close("length", unit[n * H:(n + 1) * H], [x / length for x in of_text], 1e-6)

for name, pool in (("mean", lambda line: line["layers"][0]["values"]),
                   ("pooler", lambda line: line["values"])):
    numbers = [x for line in open(name + ".jsonl") for x in pool(json.loads(line))]
    close(name, numbers, load(name + ".npy")[1], 1e-8)
assert max(abs(x) for x in load("pooler.npy")[1]) <= 1
short = load("short.offsets.npy")[1]
assert {end - begin for begin, end in zip(short, short[1:])} == {2, 4}
for ranks in "123":
    for name in ("mean", "tokens", "pooler"):
        if name != "tokens":
            close(name, load(f"{ranks}/{name}.npy")[1], load(name + ".npy")[1], 1e-6)
        close(name, load(f"{ranks}/{name}.npy")[1], load(f"1/{name}.npy")[1], 1e-6)
worst = close("bfloat16", load("bfloat16.npy")[1], mean, 0.05)
assert worst > 1e-5, "bfloat16 is float32"
END
python3 check.py || fail "what was written is not what it should be"

# A folder without pooler does all that needs none.
"$LAMBERT" export --checkpoint base --output folder >log.txt 2>&1 || fail "export: $(cat log.txt)"
"$LAMBERT" embed --model folder --sequence-length 64 --output exported.npy lines.txt 2>log.txt || fail "embed: $(cat log.txt)"
cmp mean.npy exported.npy || fail "the exported folder gives other vectors"
cat >without.py <<'END'
import json, struct, sys
data = open("folder/model.safetensors", "rb").read()
size = struct.unpack("<Q", data[:8])[0]
head = json.loads(data[8:8 + size])
left = {name[5:]: entry for name, entry in head.items()
        if name.startswith("bert.") and "pooler" not in name}
body, at = [], 0
for name, entry in sorted(left.items(), key=lambda item: item[1]["data_offsets"]):
    begin, end = entry["data_offsets"]
    body.append(data[8 + size + begin:8 + size + end])
    if name == "encoder.layer.1.output.LayerNorm.weight" and "huge" in sys.argv:
        body[-1] = struct.pack("<f", 3e38) * 32
    entry["data_offsets"] = [at, at + end - begin]
    at += end - begin
text = json.dumps(left).encode()
open(sys.argv[1], "wb").write(struct.pack("<Q", len(text)) + text + b"".join(body))
END
cp -r folder huge
python3 without.py huge/model.safetensors huge || fail "a folder of huge weights"
python3 without.py folder/model.safetensors || fail "a folder without pooler"
"$LAMBERT" embed --model folder --sequence-length 64 --output without.npy lines.txt 2>log.txt || fail "no pooler: $(cat log.txt)"
cmp mean.npy without.npy || fail "without pooler the vectors are others"
expect 1 "of text 1 is not finite" "$LAMBERT" embed --model huge --output p.npy lines.txt
expect 1 "has no bert.pooler.dense.weight" "$LAMBERT" embed --model folder --output p.npy --pool pooler lines.txt

embed="$LAMBERT embed --model base --output p.npy"
expect 1 "has no layer 3: there are 0 .the embedding. to 2" $embed --layers 3 lines.txt
expect 1 "has no layer -4" $embed --layers=-4 lines.txt
expect 2 "is not a list of numbers" $embed --layers 1,,2 lines.txt
expect 2 "is not a list of numbers" $embed --layers 1- lines.txt
expect 2 "does not go with it" $embed --layers 1 --pool pooler lines.txt
expect 2 "vectors.txt: vectors are written to" "$LAMBERT" embed --model base --output vectors.txt lines.txt
expect 2 "--output would write over INPUT .a.jsonl" "$LAMBERT" embed --model base --output a.jsonl a.jsonl
: >b.jsonl
expect 2 "--output would write over INPUT .b.jsonl" "$LAMBERT" embed --model base --output ./b.jsonl b.jsonl

# Where the result lies among the texts it is passed over, if it is of embed's making, and refused else.
mkdir texts
cp lines.txt texts/lines.txt
$embed --output texts/v.jsonl --layers -1 texts 2>log.txt || fail "embed: $(cat log.txt)"
cp texts/v.jsonl once.jsonl
expect 0 "texts of 1 file; passed over: 1 .*texts/v.jsonl" $embed --output texts/v.jsonl --layers -1 texts
cmp once.jsonl texts/v.jsonl || fail "vectors of vectors"
echo '{"text": "mine"}' >texts/mine.jsonl
cp texts/mine.jsonl texts/mine.npy
for mine in mine.jsonl mine.npy; do
    expect 1 "texts/$mine is there already, and is no file of vectors" $embed --output texts/$mine texts
    cmp texts/mine.jsonl texts/$mine || fail "somebody's text is written over"
done
expect 1 "is more than the 128 positions" $embed --sequence-length 129 lines.txt
printf 'a\tb\tc\n' >tabs.txt
expect 1 "tabs.txt:1: more than one tab" $embed tabs.txt
expect 1 "nowhere.txt" $embed nowhere.txt
: >empty.txt
expect 1 "empty.txt is empty" $embed empty.txt
expect 1 "standard input" mpirun -n 2 $embed
[ ! -e p.npy ] || fail "something was written all the same"
