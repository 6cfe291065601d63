#!/bin/sh
# `lambert show balance` against samples printed one by one, their operations counted anew in Python.
. "$(dirname "$0")/../lib.sh"
make_corpus
tiny="$ROOT/configs/tiny.ini data.corpus=corpus run.folder=none"

expect 2 "CONFIG is missing" "$LAMBERT" show balance
expect 2 "out of range" "$LAMBERT" show balance $tiny --ranks 0
expect 1 "no phase|phase" "$LAMBERT" show balance $tiny --phase none
"$LAMBERT" show balance $tiny --ranks 3 >out.txt || fail "as text"
grep -q "dealt to 3 ranks: .* the busiest has [0-9.]*% more" out.txt || fail "text: $(cat out.txt)"

"$LAMBERT" show batch $tiny --phase two --json --count 16 >samples.jsonl || fail "show batch"
for ranks in 1 3 11; do
    "$LAMBERT" show balance $tiny --phase two --ranks $ranks --batches 1 --json >first.json &&
        "$LAMBERT" show balance $tiny --phase two --ranks $ranks --batches 2 --json >both.json ||
        fail "$ranks ranks"
    python3 - $ranks "$(grep -c . vocab.txt)" <<'END' || fail "$ranks ranks: $(cat first.json both.json)"
import json, sys
ranks, V = int(sys.argv[1]), int(sys.argv[2])
H, L, F = 32, 2, 64  # configs/tiny.ini

def operations(sample):
    T, M = len(sample["input_ids"]), len(sample["masked_positions"])
    block = T * (4 * H * H + 2 * H * F) + 2 * T * T * H
    last = 2 * T * H * H + (M + 1) * (2 * H * H + 2 * H * F) + 2 * (M + 1) * T * H
    return 6 * ((L - 1) * block + last + M * (H * H + H * V) + H * H + 2 * H)

samples = [json.loads(line) for line in open("samples.jsonl")]
assert len(samples) == 16
near = lambda a, b: abs(a - b) <= 1e-9 * abs(b) + 1e-12
for name, count in ("first.json", 8), ("both.json", 16):
    deal = json.load(open(name))
    batches, seen = count // 8, samples[:count]
    assert deal["ranks"] == ranks and deal["global_batch"] == 8 and deal["sequence_length"] == 64
    assert near(deal["tokens"], sum(len(s["input_ids"]) for s in seen) / batches)
    assert near(deal["masked"], sum(len(s["masked_positions"]) for s in seen) / batches)
    assert near(deal["operations"], sum(map(operations, seen)) / batches)
    shares = deal["rank_operations"]
    assert len(shares) == ranks and near(sum(shares), sum(map(operations, samples[:8])))
    assert sum(share == 0 for share in shares) == max(0, ranks - 8)
    imbalance = max(shares) * ranks / sum(shares) - 1
    if batches == 1:
        assert near(deal["imbalance"], imbalance) and near(deal["worst_imbalance"], imbalance)
    assert deal["worst_imbalance"] >= max(imbalance, deal["imbalance"]) - 1e-12
    assert 2 * deal["imbalance"] >= imbalance or batches == 1
END
done
