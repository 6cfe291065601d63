#!/bin/sh
# prep names the commonest words that are [UNK], with how often they are: exactly while they are few, the same for
# any number of threads and ranks, and after an interruption.
. "$(dirname "$0")/../lib.sh"

# 3 MB in several shards.
printf '%s\n' '[PAD]' '[UNK]' '[CLS]' '[SEP]' '[MASK]' the old house sees a river . >vocab.txt
awk 'BEGIN {
    for (d = 0; d < 20000; d++) {
        print "The old house sees a river. The old river sees the zebra, the old zebra sees a house."
        print "The zebra sees the okapi" (d % 2 ? " and the gnu" : "") ". The okapi sees the zebra and the zebra."
        print "A okapi sees x" d % 70 ", then the gnu y" d % 90 ".\n"
    }
}' >text.txt
awk '{ line = tolower($0); gsub(/[.,]/, " & ", line); n = split(line, word, " ")
    for (i = 1; i <= n; i++) if (word[i] !~ /^(the|old|house|sees|a|river|\.)$/) count[word[i]]++ }
    END { for (w in count) print count[w], w }' text.txt | LC_ALL=C sort -k1,1nr -k2,2 | head -n 10 |
    awk '{ printf "%s\"%s\" %s", (NR > 1 ? ", " : ""), $2, $1 }' >wanted.txt

# said COMMAND...: what is said of unknown words, without the number of all of them
said() {
    "$@" prep --vocabulary vocab.txt --output corpus --shard-megabytes 1 text.txt >out.txt 2>err.txt ||
        fail "prep: $(cat err.txt)"
    rm -r corpus
    grep -q 'of the words are .UNK.' err.txt || fail "no warning: $(cat err.txt)"
    sed -n 's/.*words that are \[UNK\] the commonest are: //p' err.txt >said.txt
    [ -s said.txt ] || fail "nothing is said: $(cat err.txt)"
}
said env OMP_NUM_THREADS=1 "$LAMBERT"
echo >>wanted.txt
cmp wanted.txt said.txt || fail "$(cat said.txt) instead of $(cat wanted.txt)"
cp said.txt one.txt
said env OMP_NUM_THREADS=3 "$LAMBERT"
cmp one.txt said.txt || fail "three threads say $(cat said.txt), one says $(cat one.txt)"
for ranks in 2 3; do
    said mpirun -n $ranks "$LAMBERT"
    cmp one.txt said.txt || fail "$ranks ranks say $(cat said.txt), one says $(cat one.txt)"
done
