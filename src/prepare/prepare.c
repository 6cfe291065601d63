#include "lambert/prepare/prepare.h"
#include "lambert/base/clock.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "fingerprints.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/base/version.h"
#include "lambert/text/tokenizer.h"
#include "preparation.h"

/* Level 1 packs ids of English 2% worse than level 6, in a third of the time. */
const struct prepare_options prepare_defaults = {.lower_case = true,
                                                 .split_sentences = true,
                                                 .heldout_fraction = 0.01,
                                                 .shard_bytes = UINT64_C(16) << 20,
                                                 .compression = 1};

/* Duplicates are counted exactly up to 80 MB of text or so, then estimated from a million or so
 * lines; prepare_finish.c thins them where lines turn out to be much shorter than that. */
enum { MOST_FINGERPRINTS = 1 << 20, LINE_BYTES = 80, DOCUMENT_BYTES = 512 };

/* What the fingerprints are spread by; compressed text is taken for four times its size, a stream
 * for 16 GB. */
static uint64_t expected_bytes(const struct input_list *inputs)
{
    uint64_t bytes = 0;
    for (int i = 0; i < inputs->count; i++) {
        const struct input_file *file = &inputs->files[i];
        bytes += file->kind == INPUT_STREAM ? UINT64_C(16) << 30
                                            : (file->kind == INPUT_GZIP ? 4 : 1) * file->bytes;
    }
    return bytes;
}

static bool has_stream(const struct input_list *inputs)
{
    for (int i = 0; i < inputs->count; i++)
        if (inputs->files[i].kind == INPUT_STREAM)
            return true;
    return false;
}

/* Of everything that the shards depend on. A stream cannot be known again. */
static uint64_t plan_hash(const struct preparation *p)
{
    const struct prepare_options *options = &p->options;
    struct buffer all = {0};
    buffer_print(&all, LAMBERT_PROGRAM " %d %s %s %016" PRIx64 " %d %d %a %" PRIu64 " %d\n",
                 p->plan.shard.contents, tokenizer_unicode_version(), zlibVersion(),
                 vocabulary_hash(p->vocabulary), options->lower_case, options->split_sentences,
                 options->heldout_fraction, options->shard_bytes, options->compression);
    for (int i = 0; i < p->inputs.count; i++) {
        const struct input_file *file = &p->inputs.files[i];
        buffer_print(&all, "%s %d %" PRIu64 " %" PRId64 "\n", file->path, file->kind, file->bytes,
                     file->modified);
    }
    if (has_stream(&p->inputs))
        buffer_print(&all, "%.9f\n", p->started);
    uint64_t hash = hash_bytes(all.data, all.size);
    buffer_release(&all);
    return hash;
}

static void make_plan(struct preparation *p, enum shard_contents contents)
{
    const uint64_t bytes = expected_bytes(&p->inputs);
    p->plan.shard.contents = contents;
    p->plan = (struct chunk_plan){
        .folder = p->options.output,
        .hash = plan_hash(p),
        .shard = {.vocabulary_hash = vocabulary_hash(p->vocabulary),
                  .vocabulary_size = vocabulary_size(p->vocabulary),
                  .compression = p->options.compression,
                  .contents = contents},
        .document_bits = fingerprint_bits(bytes / DOCUMENT_BYTES, MOST_FINGERPRINTS),
        .line_bits = fingerprint_bits(bytes / LINE_BYTES, MOST_FINGERPRINTS)};
}

/* Special tokens, in brackets, tell nothing. */
static bool has_capitals(const struct vocabulary *vocabulary)
{
    for (int32_t id = 0; id < vocabulary_size(vocabulary); id++) {
        const char *token = vocabulary_token(vocabulary, id);
        if (token[0] != '[' && strpbrk(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != NULL)
            return true;
    }
    return false;
}

/* Either mistake makes a corpus that looks whole: words in chunks, or unknown. */
static void warn_of_case(const struct prepare_options *options, const struct vocabulary *vocabulary)
{
    bool cased = has_capitals(vocabulary);
    if (cased && options->lower_case)
        log_warning("%s has capitals, but the text is lower-cased: --cased keeps case and accents",
                    options->vocabulary);
    else if (!cased && !options->lower_case)
        log_warning("%s has no capitals, but the text keeps its own: without --cased it is "
                    "lower-cased",
                    options->vocabulary);
}

/* Whatever can be found wrong with the request is, before the output folder is touched. */
static int open_inputs(struct preparation *p, struct error *err)
{
    const struct prepare_options *options = &p->options;
    enum shard_contents contents;
    require(options->shard_bytes >= 4096 && p->rank >= 0 && p->rank < p->ranks);
    if (input_list_open(&p->inputs, options->inputs, options->input_count, err) < 0 ||
        find_contents(&p->inputs, &contents, err) < 0 ||
        vocabulary_load(&p->vocabulary, options->vocabulary, err) < 0)
        return -1;
    if (p->ranks > 1 && has_stream(&p->inputs))
        return error_set(err,
                         "standard input and pipes are read by one rank only; write the text to "
                         "a file, or run without mpirun");
    if (p->rank == 0)
        warn_of_case(options, p->vocabulary);
    make_plan(p, contents);
    return 0;
}

int prepare_open(struct preparation **preparation, const struct prepare_options *options, int rank,
                 int ranks, struct error *err)
{
    struct preparation *p = memory_new(1, sizeof *p);
    p->options = *options;
    p->rank = rank;
    p->ranks = ranks;
    p->started = clock_seconds();
    int status = open_inputs(p, err);
    if (status < 0)
        prepare_close(p);
    *preparation = status < 0 ? NULL : p;
    return status;
}

void prepare_close(struct preparation *p)
{
    if (!p)
        return;
    corpus_folder_release(&p->folder);
    manifest_release(&p->manifest);
    vocabulary_free(p->vocabulary);
    input_list_close(&p->inputs);
    free(p->counts);
    free(p);
}

int prepare_begin(struct preparation *p, struct error *err)
{
    return corpus_folder_begin(&p->folder, p->options.output, p->options.overwrite, p->vocabulary,
                               p->plan.hash, err);
}

static bool is_wanted(void *context, uint64_t chunk, uint32_t part)
{
    return !chunk_is_done(context, chunk, part);
}

struct input_feed *preparation_feed(struct preparation *p)
{
    struct input_feed_options options = {.chunk_bytes = p->options.shard_bytes,
                                         .rank = (uint64_t)p->rank,
                                         .ranks = (uint64_t)p->ranks,
                                         .wanted = is_wanted,
                                         .context = &p->plan};
    return input_feed_new(&p->inputs, &options);
}

uint64_t preparation_chunks(struct preparation *p)
{
    if (p->plan.shard.contents == SHARD_READY_SAMPLES)
        return (uint64_t)p->inputs.count;
    struct input_feed *feed = preparation_feed(p);
    uint64_t chunks = input_feed_chunks(feed);
    input_feed_free(feed);
    return chunks;
}

void prepare_leave(struct preparation *p)
{
    corpus_folder_leave(&p->folder);
}

static int chunks_and_finish(struct preparation *p, struct corpus_report *report, struct error *err)
{
    if (prepare_chunks(p, err) < 0) {
        prepare_leave(p);
        return -1;
    }
    return prepare_finish(p, report, err);
}

int prepare_corpus(const struct prepare_options *options, struct corpus_report *report,
                   struct error *err)
{
    struct preparation *p;
    if (prepare_open(&p, options, 0, 1, err) < 0)
        return -1;
    int status = prepare_begin(p, err);
    if (status == 0)
        status = chunks_and_finish(p, report, err);
    prepare_close(p);
    return status;
}
