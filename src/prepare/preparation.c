#include "preparation.h"

#include <inttypes.h>
#include <zlib.h>

#include "lambert/base/hash.h"
#include "lambert/base/version.h"
#include "lambert/text/document_reader.h"
#include "lambert/text/sentence_splitter.h"
#include "lambert/text/tokenizer.h"

/* What the fingerprints are spread by; compressed text is taken for four or five times its size. */
static uint64_t expected_bytes(const struct input_list *inputs)
{
    uint64_t bytes = 0;
    for (int i = 0; i < inputs->count; i++) {
        const struct input_file *file = &inputs->files[i];
        bytes += input_file_weight(file);
    }
    return bytes;
}

/* The hash of everything that the shards depend on. Records carry it, and an interrupted
 * preparation goes on only from those with the same, so that its number is never to change for what
 * makes the same shards (tests/prepare/test_preparation.c). A stream cannot be known again:
 * `started` makes its hash one of its own. */
static uint64_t plan_hash(const struct preparation *p, enum shard_contents contents)
{
    const struct prepare_options *options = &p->options;
    struct buffer all = {0};
    char words[TOKENIZER_OPTIONS_TEXT];
    const bool splits = contents == SHARD_DOCUMENTS_OF_TEXT && options->split_sentences;
    buffer_print(&all, LAMBERT_PROGRAM " %d %s %s %016" PRIx64 " %d %d %a %" PRIu64 " %d\n",
                 contents, tokenizer_unicode_version(), zlibVersion(),
                 vocabulary_hash(p->vocabulary), options->tokenizer.lower_case,
                 splits ? SENTENCE_RULES : options->split_sentences, options->heldout_fraction,
                 options->shard_bytes, options->compression);
    if (!tokenizer_options_are_plain(&options->tokenizer))
        buffer_print(&all, "%s\n", tokenizer_options_words(&options->tokenizer, words));
    for (int i = 0; i < p->inputs.count; i++) {
        const struct input_file *file = &p->inputs.files[i];
        buffer_print(&all, "%s %d %" PRIu64 " %" PRId64 "\n", file->path, file->kind, file->bytes,
                     file->modified);
    }
    if (contents == SHARD_DOCUMENTS_OF_TEXT)
        buffer_print(&all, "reading %d\n", READING_RULES);
    if (options->exclude)
        buffer_print(&all, "exclude %016" PRIx64 "\n", p->exclusion.hash);
    if (options->drop_duplicates)
        buffer_print(&all, "drop duplicates\n");
    if (options->text.text_keys)
        buffer_print(&all, "text keys %s\n", options->text.text_keys);
    if (options->text.documents != DOCUMENTS_BLANK_LINES || options->text.wrapped)
        buffer_print(&all, "documents %d wrapped %d\n", options->text.documents,
                     options->text.wrapped);
    if (options->segmented)
        buffer_print(&all, "segmented\n");
    if (options->text.encoding)
        buffer_print(&all, "encoding %s\n", options->text.encoding);
    if (input_list_has_stream(&p->inputs))
        buffer_print(&all, "%.9f\n", p->started);
    uint64_t hash = hash_bytes(all.data, all.size);
    buffer_release(&all);
    return hash;
}

static bool is_wanted(void *context, uint64_t chunk, uint32_t part)
{
    return !chunk_is_done(context, chunk, part);
}

void preparation_plan(struct preparation *p, enum shard_contents contents)
{
    p->work = corpus_folder_work(p->options.output, p->options.overwrite);
    p->plan = (struct chunk_plan){
        .folder = p->work,
        .hash = plan_hash(p, contents),
        .shard = {.vocabulary_hash = vocabulary_hash(p->vocabulary),
                  .vocabulary_size = vocabulary_size(p->vocabulary),
                  .compression = p->options.compression,
                  .contents = contents,
                  .segmented = p->options.segmented},
        .text_bytes = expected_bytes(&p->inputs),
        .part_bytes = input_list_has_stream(&p->inputs) ? p->options.shard_bytes : 0,
        .drop_duplicates = p->options.drop_duplicates};
    if (contents == SHARD_DOCUMENTS_OF_TEXT)
        p->feed = input_feed_new(&p->inputs,
                                 &(struct input_feed_options){.chunk_bytes = p->options.shard_bytes,
                                                              .rank = (uint64_t)p->rank,
                                                              .ranks = (uint64_t)p->ranks,
                                                              .wanted = is_wanted,
                                                              .context = &p->plan});
}

uint64_t preparation_chunks(const struct preparation *p)
{
    return p->feed ? input_feed_chunks(p->feed) : (uint64_t)p->inputs.count;
}

enum corpus_split preparation_split(const struct preparation *p, uint64_t hash)
{
    const double place = (double)(hash >> 11) * 0x1p-53; /* in [0, 1) */
    return place < p->options.heldout_fraction ? CORPUS_HELDOUT : CORPUS_TRAIN;
}
