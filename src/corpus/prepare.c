#include "lambert/corpus/prepare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "corpus_folder.h"
#include "document_encoder.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "manifest.h"
#include "piece.h"

const struct prepare_options prepare_defaults = {.lower_case = true,
                                                 .split_sentences = true,
                                                 .heldout_fraction = 0.01,
                                                 .shard_bytes = UINT64_C(64) << 20,
                                                 .compression = 6};

struct preparation {
    const struct prepare_options *options;
    struct prepare_report *report;
    struct input_list inputs;
    struct vocabulary *vocabulary;
    struct corpus_folder folder;
    struct document_encoder encoder;
    struct document document;
    struct piece piece;
    struct manifest manifest;
    uint64_t *counts; /* [vocabulary size], of the training split */
    struct progress progress;
    uint64_t files_before; /* bytes of the files already read */
};

static struct shard_options shard_options_of(const struct preparation *p)
{
    return (struct shard_options){.vocabulary_hash = vocabulary_hash(p->vocabulary),
                                  .vocabulary_size = vocabulary_size(p->vocabulary),
                                  .compression = p->options->compression};
}

/* The same text falls on the same side, wherever it comes from. */
static enum corpus_split split_of(const struct preparation *p)
{
    uint64_t hash = hash_bytes(p->document.text.data, p->document.text.size);
    double uniform = (double)(hash >> 11) * 0x1p-53;
    return uniform < p->options->heldout_fraction ? CORPUS_HELDOUT : CORPUS_TRAIN;
}

static void count_tokens(struct preparation *p)
{
    const int32_t *ids = (const int32_t *)(void *)p->encoder.ids.data;
    for (size_t t = 0; t < p->encoder.ids.size / sizeof *ids; t++)
        p->counts[ids[t]]++;
}

static int add_document(struct preparation *p, struct error *err)
{
    struct prepare_report *report = p->report;
    uint32_t sentences = document_encoder_encode(&p->encoder, &p->document);
    report->documents++;
    report->sentences += sentences;
    report->tokens += p->encoder.ids.size / sizeof(int32_t);
    report->empty_documents += sentences == 0;
    report->one_sentence_documents += sentences == 1;
    if (sentences == 0)
        return 0;
    enum corpus_split split = split_of(p);
    if (split == CORPUS_HELDOUT)
        report->heldout_documents++;
    else
        count_tokens(p);
    return piece_add(&p->piece, split, &p->encoder, err);
}

/* Begins another piece when the input has come that far. */
static int choose_piece(struct preparation *p, uint64_t position, struct error *err)
{
    uint64_t number = position / p->options->shard_bytes;
    struct shard_options options = shard_options_of(p);
    if (number == p->piece.number)
        return 0;
    if (piece_commit(&p->piece, &p->manifest, err) < 0)
        return -1;
    piece_init(&p->piece, number, p->folder.path, &options);
    return 0;
}

static int read_documents(struct preparation *p, struct document_reader *reader, struct error *err)
{
    for (;;) {
        uint64_t position = p->files_before + document_reader_bytes(reader);
        int got = document_reader_next(reader, &p->document, err);
        if (got <= 0)
            return got;
        if (choose_piece(p, position, err) < 0 || add_document(p, err) < 0)
            return -1;
        progress_update(&p->progress, (double)position / 1e6, "%" PRIu64 " documents",
                        p->report->documents);
    }
}

static int read_file(struct preparation *p, const char *path, struct error *err)
{
    struct document_reader *reader;
    if (document_reader_open(&reader, path, err) < 0)
        return -1;
    int status = read_documents(p, reader, err);
    p->files_before += document_reader_bytes(reader);
    document_reader_close(reader);
    return status;
}

static int read_inputs(struct preparation *p, struct error *err)
{
    int status = 0;
    progress_init(&p->progress, "preparing", (double)p->inputs.bytes / 1e6, "MB", 10);
    for (int i = 0; i < p->inputs.count && status == 0; i++)
        status = read_file(p, p->inputs.paths[i], err);
    if (status == 0)
        status = piece_commit(&p->piece, &p->manifest, err);
    progress_release(&p->progress);
    return status;
}

static int check_result(const struct preparation *p, struct error *err)
{
    const struct prepare_report *report = p->report;
    const char *first = p->inputs.paths[0];
    if (report->documents == report->empty_documents)
        return error_set(err, "there is no document with text in %s%s", first,
                         p->inputs.count > 1 ? " and the other files" : "");
    if (p->manifest.splits[CORPUS_TRAIN].count == 0)
        return error_set(err,
                         "all %" PRIu64 " documents were set aside for evaluation; set a smaller "
                         "part aside, or add text",
                         report->heldout_documents);
    return 0;
}

static void warn(const struct preparation *p)
{
    const struct prepare_report *report = p->report;
    uint64_t training = report->documents - report->empty_documents - report->heldout_documents;
    if (report->invalid_bytes > 0)
        log_warning("%" PRIu64 " bytes of the input are not valid UTF-8 and were left out",
                    report->invalid_bytes);
    if (training < 2)
        log_warning("there is only one document to train on, and pairs of sentences need two; "
                    "blank lines part documents");
    if (p->options->heldout_fraction > 0 && report->heldout_documents < 2)
        log_warning("%" PRIu64 " of %" PRIu64 " documents fell into the part set aside for "
                    "evaluation, which needs at least two",
                    report->heldout_documents, report->documents - report->empty_documents);
}

static int write_counts(const struct preparation *p, struct error *err)
{
    struct container_writer file;
    struct buffer bytes = {0};
    char *path = path_join(p->folder.path, COUNTS_FILE);
    for (int id = 0; id < vocabulary_size(p->vocabulary); id++)
        buffer_put_u64(&bytes, p->counts[id]);
    int status = container_writer_open(&file, path, COUNTS_KIND, COUNTS_VERSION, err);
    if (status == 0)
        status = container_writer_section(&file, COUNTS_SECTION, bytes.data, bytes.size, err);
    if (status == 0)
        status = container_writer_commit(&file, err);
    buffer_release(&bytes);
    free(path);
    return status;
}

static int write_vocabulary(const struct preparation *p, struct error *err)
{
    size_t size;
    const char *text = vocabulary_text(p->vocabulary, &size);
    char *path = path_join(p->folder.path, VOCABULARY_FILE);
    int status = file_write(path, text, size, err);
    free(path);
    return status;
}

static int write_manifest(const struct preparation *p, struct error *err)
{
    struct buffer text = {0};
    char *path = path_join(p->folder.path, MANIFEST_FILE);
    manifest_print(&p->manifest, &text);
    int status = file_write(path, text.data, text.size, err);
    buffer_release(&text);
    free(path);
    return status;
}

static void complete_report(struct preparation *p)
{
    struct tokenizer_counts counts = tokenizer_counts(p->encoder.tokenizer);
    p->report->files = (uint64_t)p->inputs.count;
    p->report->input_bytes = p->files_before;
    p->report->words = counts.words;
    p->report->unknown_words = counts.unknown_words;
    p->report->invalid_bytes = counts.invalid_bytes;
    for (int s = 0; s < CORPUS_SPLITS; s++)
        p->report->corpus_bytes += manifest_split_total(&p->manifest, (enum corpus_split)s).bytes;
    p->manifest.report = *p->report;
}

/* Everything but the manifest is in place when it is written. */
static int finish(struct preparation *p, struct error *err)
{
    complete_report(p);
    if (check_result(p, err) < 0)
        return -1;
    warn(p);
    if (write_vocabulary(p, err) < 0 || write_counts(p, err) < 0)
        return -1;
    return write_manifest(p, err);
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

/* Either mistake makes a corpus that looks whole: words in pieces, or unknown. */
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
static int start(struct preparation *p, struct error *err)
{
    const struct prepare_options *options = p->options;
    require(options->shard_bytes > 0);
    if (input_list_open(&p->inputs, options->inputs, options->input_count, err) < 0 ||
        vocabulary_load(&p->vocabulary, options->vocabulary, err) < 0)
        return -1;
    warn_of_case(options, p->vocabulary);
    struct shard_options shard = shard_options_of(p);
    p->manifest = (struct manifest){.vocabulary_hash = shard.vocabulary_hash,
                                    .vocabulary_size = shard.vocabulary_size,
                                    .lower_case = options->lower_case,
                                    .split_sentences = options->split_sentences,
                                    .heldout_fraction = options->heldout_fraction,
                                    .unicode = memory_copy_text(tokenizer_unicode_version())};
    document_encoder_init(&p->encoder, p->vocabulary, options->lower_case,
                          options->split_sentences);
    document_init(&p->document);
    p->counts = memory_new((size_t)shard.vocabulary_size, sizeof *p->counts);
    if (corpus_folder_begin(&p->folder, options->output, options->overwrite, p->vocabulary, err) <
        0)
        return -1;
    piece_init(&p->piece, 0, p->folder.path, &shard);
    return 0;
}

static void release(struct preparation *p)
{
    piece_discard(&p->piece);
    corpus_folder_release(&p->folder);
    document_release(&p->document);
    document_encoder_release(&p->encoder);
    manifest_release(&p->manifest);
    vocabulary_free(p->vocabulary);
    input_list_close(&p->inputs);
    free(p->counts);
}

int prepare_corpus(const struct prepare_options *options, struct prepare_report *report,
                   struct error *err)
{
    double started = clock_seconds();
    struct preparation p = {.options = options, .report = report};
    *report = (struct prepare_report){0};
    int status = start(&p, err);
    if (status == 0) {
        status = read_inputs(&p, err);
        if (status == 0)
            status = finish(&p, err);
        piece_discard(&p.piece);
        if (status < 0)
            corpus_folder_abandon(&p.folder);
    }
    release(&p);
    report->seconds = clock_seconds() - started;
    return status;
}
