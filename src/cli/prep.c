#include <inttypes.h>

#include "corpus_report.h"
#include "lambert.h"
#include "lambert/base/log.h"
#include "lambert/prepare/prepare.h"
#include "text_option_rows.h"
#include "tokenizer_rows.h"

struct prep_arguments {
    struct prepare_options prepare;
    struct command_words inputs;
};

static const struct command_option prep_options[] = {
    {.name = "vocabulary",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct prep_arguments, prepare.vocabulary),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .help = "a vocab.txt"},
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct prep_arguments, prepare.output),
     .required = true,
     .metavar = "DIR",
     .completion = COMPLETE_FOLDERS,
     .help = "the corpus folder to make"},
    OPTION_TOKENIZER(struct prep_arguments, prepare.tokenizer),
    OPTION_TEXT_ROWS(struct prep_arguments, prepare.text),
    {.name = "heldout",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct prep_arguments, prepare.heldout_fraction),
     .real_max = 0.9,
     .metavar = "F",
     .help = "part of the documents to set aside for evaluation"},
    {.name = "lines-are-sentences",
     .kind = OPTION_FLAG_OFF,
     OPTION_PLACE(struct prep_arguments, prepare.split_sentences),
     .help = "every line is one sentence; without it paragraphs are split"},
    {.name = "segmented",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct prep_arguments, prepare.segmented),
     .help = "blanks part the words of the text: mask all Chinese characters of one together"},
    {.name = "drop-duplicates",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct prep_arguments, prepare.drop_duplicates),
     .help = "of documents with the same text, keep the first alone"},
    {.name = "exclude",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct prep_arguments, prepare.exclude),
     .metavar = "FILES",
     .completion = COMPLETE_FILES,
     .help = "test sets: leave out the documents that share a run of words with them"},
    {.name = "exclude-words",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct prep_arguments, prepare.exclude_words),
     .min = 2,
     .max = 100,
     .metavar = "N",
     .help = "how many words"},
    {.name = "shard-megabytes",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct prep_arguments, prepare.shard_bytes),
     .min = 1,
     .max = 1000000,
     .unit = 1 << 20,
     .metavar = "N",
     .help = "text in a shard"},
    {.name = "overwrite",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct prep_arguments, prepare.overwrite),
     .help = "replace the corpus that DIR holds, once the new one is whole and no run reads it"},
    {.name = "no-lock",
     .kind = OPTION_FLAG,
     OPTION_PLACE(struct prep_arguments, prepare.no_lock),
     .help = "do not lock DIR, whose file system's locks fail; nobody else may be at work there"},
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct prep_arguments, inputs),
     .required = true,
     .metavar = "INPUT",
     .completion = COMPLETE_FILES},
    {0}};

static void init_prep(void *context)
{
    struct prep_arguments *arguments = context;
    arguments->prepare = prepare_defaults;
}

static void tell_work(const struct corpus_report *report)
{
    log_info("%.1f MB of input in %" PRIu64 " files, %.1f MB of corpus, %.1f s (%.1f MB/s)",
             (double)report->input_bytes / 1e6, report->files, (double)report->corpus_bytes / 1e6,
             report->seconds, (double)report->input_bytes / 1e6 / report->seconds);
}

/* What `lambert show corpus` says. */
static int print_report(const char *output, struct error *err)
{
    struct corpus *corpus;
    struct corpus_statistics statistics;
    if (corpus_open(&corpus, output, err) < 0)
        return -1;
    int status = corpus_report_measure(&statistics, corpus, err);
    if (status == 0) {
        corpus_report_print(corpus, &statistics);
        corpus_report_warn(corpus, &statistics);
    }
    corpus_close(corpus);
    return status;
}

/* All that ranks do together, between what rank 0 does. */
static int make_chunks(struct dist *dist, struct preparation *preparation, struct error *err)
{
    int status = dist_agree(dist, prepare_chunks(preparation, err), err);
    if (status < 0) {
        if (dist_rank(dist) == 0)
            prepare_leave(preparation);
        return -1;
    }
    status = dist_agree(dist, prepare_find_duplicates(preparation, err), err);
    return status < 0 ? -1 : dist_agree(dist, prepare_drop_duplicates(preparation, err), err);
}

/* Rank 0 looks after the folder before and after; the chunks are everyone's. */
static int prepare(struct dist *dist, const void *context, struct error *err)
{
    const struct prep_arguments *arguments = context;
    struct prepare_options options = arguments->prepare;
    struct preparation *preparation = NULL;
    struct corpus_report report;
    const bool is_first = dist_rank(dist) == 0;
    options.inputs = arguments->inputs.at;
    options.input_count = arguments->inputs.count;
    int status = prepare_open(&preparation, &options, dist_rank(dist), dist_size(dist), err);
    status = dist_agree(dist, status, err);
    if (status < 0)
        goto done;
    status = dist_agree(dist, is_first ? prepare_begin(preparation, err) : 0, err);
    if (status < 0)
        goto done;
    bool is_done = is_first && prepare_is_done(preparation);
    dist_broadcast(dist, 0, &is_done, sizeof is_done);
    if (!is_done && make_chunks(dist, preparation, err) < 0) {
        status = -1;
        goto done;
    }
    if (is_first) {
        status = prepare_finish(preparation, &report, err);
        if (status == 0 && !is_done)
            tell_work(&report);
        if (status == 0)
            status = print_report(options.output, err);
    }
    status = dist_agree(dist, status, err);
done:
    prepare_close(preparation);
    return status;
}

const struct command command_prep = {
    .name = "prep",
    .summary = "make a corpus of text files",
    .description =
        "Makes a corpus of text: sentences as token ids, with an index, checksums and a held-out "
        "part. INPUT are text files, plain or compressed (gzip, zstd, xz, bzip2); folders of them (names "
        "that begin with a dot are passed over, and so are DIR, the vocabulary, test sets, and what is no "
        "regular file; links to the same file count once); patterns such as 'texts/*.txt'; a pipe; or - for "
        "standard input. Each is looked into before any work: what is not text is refused by name. Text is "
        "UTF-8, or UTF-16 or UTF-32 with a byte-order mark, or what --encoding says; it is a paragraph "
        "or a sentence a line with blank lines between documents (or as --documents says), or "
        "WikiExtractor's output, or JSON: an object a line, arrays, or objects over many lines, with "
        "Elasticsearch's bulk lines between them or not; an array of texts is a document each. Or they are TFRecord files, as create_pretraining_data.py and MLPerf write them: "
        "every record is checked, and training then takes the samples as they are, masks and labels "
        "included.\n"
        "\n"
        "All cores are used, and under mpirun all ranks; DIR must be seen by all of them. The same "
        "input gives the same files, byte for byte, whatever the number of ranks and threads. Until "
        "DIR/corpus.json is there, written last, DIR is not a corpus; the same command, run again "
        "after an interruption, goes on from the shards that are done; while one is at work in DIR, "
        "another is refused. With --overwrite the old corpus stays until the new one, in DIR/prep.new, is whole and "
        "no run reads the old one; an interruption while they change places is made good by the next call. Files in "
        "DIR that have the "
        "names of a corpus' files and were not written by prep are never written over.\n"
        "\n"
        "--segmented: the text has white space between its words, as jieba, LTP and MeCab write Chinese and "
        "Japanese. A Chinese character is a token by itself all the same (without --join-han), but the corpus "
        "keeps where words begin, and data.masking = whole_words and spans mask all of a word together, its "
        "pieces with \"##\" and its characters alike; punctuation is a word by itself. It takes a bit a token.\n"
        "\n"
        "Duplicates are documents or lines with the same text: white space at the ends of lines, blank "
        "lines and titles left aside. They are counted exactly up to 2 million of each (about 335 MB of "
        "text, from a file or standard input), and estimated from a sample beyond. --drop-duplicates "
        "drops copies of documents however many there are; the first in the order of the input stays. "
        "It costs the time of writing the shards that hold one again.\n"
        "\n"
        "--text-key a,b.c: of each JSON object the texts under the key a and under c in the object b, those that "
        "it has, are paragraphs of its document. Without it the first of text, content and "
        "raw_content that holds more than blanks is the document. Of a key that stands several times in an object the "
        "last one counts. What is no JSON object, has none of the keys or no text "
        "under them is left out, counted, and the first of each named; so are keys that objects lack. --wrapped joins lines by a space; a "
        "hyphen at the end of a line stays (well-known), a soft one goes.\n"
        "\n"
        "--exclude takes a file, a folder or a pattern: text, TSV, CSV or JSON of any form, compressed or "
        "encoded as INPUT may be and looked into as it is; "
        "files that exclude nothing are named. Every string of JSON, whatever its key, every field between tabs, every paragraph, every column of words (CoNLL) "
        "counts. Words are compared "
        "in lower case, without accents and punctuation; CJK ideographs are a word each. The report "
        "says how many documents were left out, and the first of them are named.\n"
        "\n"
        "Memory: about twice a shard's text and 10 MB a thread (where a document of JSON is longer than "
        "a shard, five times its size more; one of more than 64 MB is taken for damage, left out and counted; "
        "and more where a zstd file asks for a long window); at the end up to 150 MB, and a "
        "little that grows: 4 KB a shard and, for the report, 1 MB for each GB of text. A rank takes "
        "16 to 32 bytes a document to drop duplicates, at most 134 MB, and 32 to 64 bytes for each run of "
        "words to exclude.\n",
    .examples = "lambert prep --vocabulary vocab.txt --output corpus/ texts/\n"
                "mpirun --map-by numa:PE=16 lambert prep --vocabulary vocab.txt --output corpus/ "
                "texts/\n",
    .options = prep_options,
    COMMAND_ARGUMENTS(struct prep_arguments, .inputs = {0}),
    .init = init_prep,
    .run_on_ranks = prepare,
    .tells_threads = true};
