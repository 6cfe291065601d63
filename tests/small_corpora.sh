# Sourced behind lib.sh by the tests of lambert prep: corpora of small shards, and whether two folders are the same.

# prep OUTPUT WORDS...: a corpus of small shards; what is said is in out.txt and err.txt
prep() {
    output=$1
    shift
    "$LAMBERT" prep --vocabulary vocab.txt --output "$output" --heldout 0.1 --shard-megabytes 1 "$@" \
        >out.txt 2>err.txt || fail "prep $*: $(cat err.txt)"
}

same() {
    diff -r "$1" "$2" >diff.txt || fail "$1 and $2 differ: $(cat diff.txt)"
}
