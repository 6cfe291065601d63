#!/bin/sh
# scripts/run-page.py: a page of a run, or of several, is well-formed, stands alone, says the numbers of the metrics, has
# no step twice, gets along with runs that go on, older files and fine-tuning, and says a sentence where it cannot.
. "$(dirname "$0")/../lib.sh"
page=$ROOT/scripts/run-page.py

# make_run FOLDER RATE: two phases of 60 and 40 steps, of which the second process made the last 50 anew
make_run() {
    mkdir -p "$1"
    printf '[run]\nfolder = %s\nseed = 1\n[phase one]\nsequence_length = 32\nsteps = 60\nlearning_rate = %s\n' "$1" "$2" \
        >"$1/config.ini"
    printf '[phase two]\nsequence_length = 64\nsteps = 40\nlearning_rate = 0.01\n' >>"$1/config.ini"
    awk -v rate="$2" '
        function head(kind, total) {
            printf "{\"kind\":\"%s\",\"phase\":\"%s\",\"phase_step\":%d,\"total_step\":%d,", kind,
                total <= 60 ? "one" : "two", total <= 60 ? total : total - 60, total
            printf "\"total_sequences\":%d,\"total_tokens\":%d", total * 16, total * 400
        }
        function process(total, commit) {
            head("run", total)
            printf ",\"program\":\"lambert 9.8.7\",\"commit\":\"%s\",\"compiler\":\"<gcc> & co\",", commit
            printf "\"command_line\":\"lambert train a.ini\",\"date\":\"2026-01-02T03:04:05Z\",\"host\":\"node-17\","
            print "\"ranks\":4,\"nodes\":2,\"threads\":8}"
        }
        function step(total, loss) {
            head("step", total)
            printf ",\"loss\":%g,\"mlm_loss\":%g,\"nsp_loss\":0.5,\"mlm_accuracy\":0.25,", loss + 0.5, loss
            printf "\"nsp_accuracy\":0.75,\"learning_rate\":%g,\"gradient_norm\":2,\"sequences\":16,", rate
            printf "\"tokens\":400,\"seconds\":0.5,\"work_seconds\":0.4,\"data_seconds\":0.1,"
            print "\"tokens_per_second\":800,\"peak_fraction\":0.375,\"seconds_left\":7300}"
        }
        function evaluation(total, loss) {
            head("evaluation", total)
            printf ",\"sequence_length\":32,\"sequences\":64,\"mlm_loss\":%s,\"mlm_accuracy\":0.125,", loss
            print "\"nsp_loss\":null,\"nsp_accuracy\":0.5,\"unigram_loss\":5.875,\"unigram_accuracy\":0.07}"
        }
        BEGIN {
            process(0, "aaaaaa1")
            evaluation(0, 7.625)
            for (s = 1; s <= 70; s++) step(s, 98765)
            head("checkpoint", 50); print ",\"pause_seconds\":0.25,\"write_seconds\":2}"
            process(50, "bbbbbb2")
            for (s = 51; s <= 100; s++) step(s, 2.25)
            evaluation(100, 2.375)
        }' >"$1/metrics.jsonl"
}

# writes NAME WORDS...: NAME.html without a word; its texts, a line each, go to NAME.txt. That it is XML says that each
# element is closed; that it names nothing of elsewhere, that it stands alone.
writes() {
    name=$1
    shift
    "$page" "$@" --output "$name.html" >out.txt 2>&1 || fail "$*: $(cat out.txt)"
    [ ! -s out.txt ] && [ ! -e "$name.html.tmp" ] || fail "$*: $(cat out.txt), or a temporary file is left"
    python3 - "$name.html" >"$name.txt" <<'END' || fail "$name.html is not as it should be"
import re, sys
import xml.etree.ElementTree as tree
from html.parser import HTMLParser
source = open(sys.argv[1], encoding="utf-8").read()
assert source.startswith("<!DOCTYPE html>\n"), source[:80]
root = tree.fromstring(source.split("\n", 1)[1])
void, opened = {"meta", "link", "br"}, []
class Nesting(HTMLParser):
    def handle_starttag(self, tag, attributes):
        opened.extend([] if tag in void else [tag])
    def handle_startendtag(self, tag, attributes):
        pass
    def handle_endtag(self, tag):
        assert opened.pop() == tag, tag
Nesting().feed(source)
assert not opened, opened
for element in root.iter():
    assert element.tag not in ("script", "img", "iframe"), element.tag
    for attribute in ("src", "href"):
        assert element.get(attribute, "data:").startswith("data:"), element.attrib
assert not re.search(r"url\(|@import|NaN|\bnan\b|inf\b", source), "a number that is none, or a file elsewhere"
for text in root.find("body").itertext():
    if text.strip():
        print(text.strip())
END
}

says() {
    picture=$1
    shift
    for text in "$@"; do
        grep -qF -- "$text" "$picture.txt" || { cat "$picture.txt"; fail "$picture.html lacks '$text'"; }
    done
}

lacks() {
    picture=$1
    shift
    for text in "$@"; do
        ! grep -qF -- "$text" "$picture.txt" || fail "$picture.html says '$text'"
    done
}

# One run: who, where, how far; the losses of the process that counts; the time, which steps tell where no record does.
make_run runs/slow 0.001
writes one runs/slow
says one slow "all 100 steps are made" "lambert 9.8.7 (bbbbbb2)" "4 ranks of 8 threads on 2 nodes (node-17)" \
    "resumed 1 time" "<gcc> & co" "lambert train a.ini" "2.250" "2.375" "7.625" "5.875" "37.5%" "MLM loss" \
    "Gradient norm before clipping" "Share of the arithmetic peak" "1 checkpoint; training stood still for 0.25 s" \
    computing waiting "phase.two.learning_rate" "mean of 3 steps"
lacks one 98765 98.77k "time left" diverged "Trust ratios"
grep -c '^50 s$' one.txt | grep -qx 1 || fail "steps count twice: $(grep ' s$' one.txt)"
cp one.html before.html
writes one runs/slow/metrics.jsonl
cmp one.html before.html || fail "another page of the same run"

# Several: side by side, keys that differ first; folders of the same name are told apart.
make_run runs/fast 0.1
make_run other/fast 0.01
writes several runs/slow runs/fast other/fast --x tokens
says several slow runs/fast other/fast "held-out MLM loss:" "at 40000 tokens" "lines: training, mean of 3 steps; dots: held-out"
python3 - several.html <<'END' || fail "keys that differ do not come first"
import sys
import xml.etree.ElementTree as tree
root = tree.fromstring(open(sys.argv[1], encoding="utf-8").read().split("\n", 1)[1])
keys = [[row.find("td").findtext("code") for row in table.iter("tr") if row.find("td") is not None]
        for table in root.iter("table") if table.get("class") == "config"]
assert keys[0] == ["run.folder", "phase.one.learning_rate"], keys
assert len(keys) == 2 and len(keys[1]) == 8, keys
END

# Where the time went, as the program tells; a run that mixes corpora; what went wrong; a line that is being written.
make_run rich 0.001
cat >>rich/metrics.jsonl <<'END'
{"kind":"time","phase":"two","total_step":100,"total_sequences":1600,"total_tokens":40000,"ranks":4,"nodes":2,"seconds":50,"node_hours":0.03,"parts":{"products":{"least":30,"mean":31,"most":32},"waiting":{"least":18,"mean":19,"most":20}},"total":{"processes":2,"node_hours":{"products":0.75,"waiting":0.25}}}
{"kind":"tensors","phase":"two","total_step":100,"total_sequences":1600,"total_tokens":40000,"tensors":[{"name":"a","trust_ratio":0.5},{"name":"b","trust_ratio":1},{"name":"c","trust_ratio":null}]}
{"kind":"pairs","phase":"two","total_step":100,"total_sequences":1600,"total_tokens":40000,"pairs":10,"accuracy":0.625}
{"kind":"products","phase":"two","total_step":100,"total_sequences":1600,"total_tokens":40000,"products":[{"kernels":"AVX-9000","operands":"bfloat16","share":0.875}]}
{"kind":"replay","phase":"two","total_step":100,"total_sequences":1600,"total_tokens":40000,"replays":3,"replays_different":1,"differences":[{"rank":1,"host":"node-18"}]}
{"kind":"evaluation","phase":"two","total_step":100,"total_sequences":1600,"total_tokens":40000,"mlm_loss":2.3125,"corpora":[{"corpus":"/data/wiki","share":0.75,"mlm_loss":2.0625}]}
END
printf '{"kind":"step","pha' >>rich/metrics.jsonl
writes rich rich
says rich "1 node-hours" "75.0%" "31 s" "Trust ratios of tensors" "Minimal pairs" AVX-9000 "87.5%" node-18 \
    "Held-out MLM loss by corpus" /data/wiki "2.062"
lacks rich computing

# A plan in its folder is set beside what came: steps as far as the run is, the rest once it is complete. One of other nodes
# or ranks, or what is none, is said.
make_run planned 0.001
cat >planned/plan.json <<'END'
{"kind":"plan","sources":"a node: of nobody\nthe network: none","rows":[{"nodes":1,"ranks":2},{"nodes":2,"ranks":4,"seconds":69.5,
"node_hours":0.02,"checkpoints":1,"pause_seconds":0.2,"phases":[
{"phase":"one","steps":20,"step_seconds":0.3,"tokens_per_second":1000,"evaluations":0,"evaluation_seconds":0,"step":{"waiting":0}},
{"phase":"one","steps":40,"step_seconds":0.45,"tokens_per_second":1000,"evaluations":0,"evaluation_seconds":0,"step":{"waiting":0}},
{"phase":"two","steps":40,"step_seconds":0.625,"tokens_per_second":640,"evaluations":1,"evaluation_seconds":2,"step":{"waiting":0}}]}]}
END
writes planned planned
says planned "Plan and actual" "a step of phase one" "0.4 s" "+25.0%" "a step of phase two" "0.625 s" "-20.0%" \
    "the pause for a checkpoint" "0.2 s" "1 min 9 s" "node-hours" "the network: none"
grep -qx "the whole run" planned.txt || fail "no whole run: $(cat planned.txt)"
grep -v '"total_step":100' planned/metrics.jsonl >planned/shorter && mv planned/shorter planned/metrics.jsonl
writes planned planned
says planned "What is of the whole run is compared when it is complete" "+25.0%"
! grep -qx "the whole run" planned.txt || fail "a run that stopped has a whole"
writes both planned runs/slow
says both "Plan and actual"
sed -i 's/"nodes":2/"nodes":3/' planned/plan.json
writes planned planned
says planned "The plan has no row for the nodes and ranks of this run: it is of 1 (2 ranks), 3 (4 ranks)."
for broken in '' '[]' '{"kind":"plan"}' '{"kind":"other","rows":[]}' '{"kind":'; do
    echo "$broken" >planned/plan.json
    expect 1 "^run-page: .*planned/plan.json is not what lambert plan --json printed" "$page" planned --output bad.html
done

# A run that goes on holds the lock of its folder; one that does not has stopped. A loss that is no number, or that has
# risen for good, is said.
make_run live 0.001
grep -v '"total_step":100' live/metrics.jsonl >live/shorter && mv live/shorter live/metrics.jsonl
python3 - "$page" live >live.txt 2>&1 <<'END' || fail "$(cat live.txt)"
import fcntl, subprocess, sys
with open(sys.argv[2] + "/lock", "w") as lock:
    fcntl.lockf(lock, fcntl.LOCK_EX)
    subprocess.run([sys.argv[1], sys.argv[2], "--output", "held.html"], check=True)
END
grep -q 'going on</span>: step 99 of 100; 2 h 2 min left' held.html || fail "a run that goes on"
writes live live
says live stopped "after step 99 of 100"
for change in 's/"loss":2.75/"loss":null/' '/"total_step":9[5-9],/s/"loss":2.75/"loss":8/'; do
    sed "$change" runs/slow/metrics.jsonl >live/metrics.jsonl
    [ "$change" = "${change#/}" ] || grep -v '"total_step":100' live/metrics.jsonl >live/shorter
    [ ! -e live/shorter ] || mv live/shorter live/metrics.jsonl
    writes worse live
    says worse diverged
done

# Fine-tuning, beside pre-training too; without a configuration, and with little but the steps, as old files are.
mkdir tuned old
for s in 1 2 3 4; do
    place="\"phase\":\"task\",\"phase_step\":$s,\"total_step\":$s,\"total_sequences\":$s,\"total_tokens\":$s"
    echo "{\"kind\":\"step\",$place,\"loss\":0.5,\"classes_loss\":0.5,\"classes_accuracy\":0.75,\"seconds\":1,\"tokens\":8}"
    echo "{\"kind\":\"evaluation\",$place,\"task\":\"classification\",\"examples\":50,\"loss\":0.5,\"metrics\":{\"accuracy\":0.$((9 - s))25,\"mcc\":null}}"
done >tuned/metrics.jsonl
echo '{"kind":"step","phase":"one","phase_step":1,"total_step":1,"total_sequences":1,"total_tokens":1,"mlm_loss":3}' \
    >old/metrics.jsonl
writes tuned tuned
says tuned "Accuracy of the evaluation set" "0.5250" "at its best 0.8250" "There is no config.ini" "after step 4"
writes both tuned runs/slow
says both "Accuracy of the evaluation set" "MLM loss"
writes old old
says old "after step 1"

# Errors
mkdir empty unstarted broken phaseless placeless garbled
head -n 2 runs/slow/metrics.jsonl >unstarted/metrics.jsonl
sed '7s/.*/{"kind":"step","phase":"o/' runs/slow/metrics.jsonl >broken/metrics.jsonl
sed '6s/"phase":"one",//' runs/slow/metrics.jsonl >phaseless/metrics.jsonl
sed '9s/"total_tokens":[0-9]*/"total_tokens":"many"/' runs/slow/metrics.jsonl >placeless/metrics.jsonl
cp runs/slow/metrics.jsonl garbled && echo 'key before any section' >garbled/config.ini
rm -f bad.html
expect 1 "^run-page: .*nowhere" "$page" nowhere --output bad.html
expect 1 "^run-page: empty holds no metrics.jsonl" "$page" empty --output bad.html
expect 1 "^run-page: unstarted/metrics.jsonl .*no step" "$page" unstarted --output bad.html
expect 1 "^run-page: broken/metrics.jsonl:7: " "$page" runs/slow broken --output bad.html
expect 1 "^run-page: phaseless/metrics.jsonl:6: .*phase" "$page" phaseless --output bad.html
expect 1 "^run-page: placeless/metrics.jsonl:9: .*total_tokens" "$page" placeless --output bad.html
expect 1 "^run-page: .*garbled/config.ini is no configuration" "$page" garbled --output bad.html
expect 1 "^run-page: cannot write nowhere/bad.html: No such" "$page" runs/slow --output nowhere/bad.html
expect 2 "RUN" "$page" --output bad.html
expect 2 "--output" "$page" runs/slow
[ ! -e bad.html ] || fail "a page of nothing but errors"
