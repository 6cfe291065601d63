#include "chunk.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/corpus/corpus_report.h"
#include "lambert/corpus/shard.h"

enum { RECORD_VERSION = 2 };

/* Duplicates are counted exactly as long as a line or document has this many bytes on average and
 * there are no more of them; prepare_finish.c thins them where there turn out to be more. A stream's
 * first parts are kept whole, later ones by more and more bits. */
enum { MOST_FINGERPRINTS = 1 << 21, LINE_BYTES = 160, DOCUMENT_BYTES = 2048 };

void chunk_init(struct chunk *chunk, const struct chunk_plan *plan)
{
    *chunk = (struct chunk){.plan = plan};
    chunk->counts = memory_new((size_t)plan->shard.vocabulary_size, sizeof *chunk->counts);
    chunk->unknown = frequent_words_new(CHUNK_UNKNOWN_WORDS);
}

void chunk_release(struct chunk *chunk)
{
    chunk_discard(chunk);
    free(chunk->counts);
    free(chunk->each);
    buffer_release(&chunk->excluded);
    frequent_words_free(chunk->unknown);
    fingerprints_release(&chunk->documents);
    fingerprints_release(&chunk->lines);
    *chunk = (struct chunk){0};
}

static size_t counts_bytes(const struct chunk_plan *plan)
{
    return (size_t)plan->shard.vocabulary_size * sizeof(uint32_t);
}

void chunk_begin(struct chunk *chunk, uint64_t number, uint32_t part, bool last)
{
    const struct chunk_plan *plan = chunk->plan;
    const uint64_t bytes = plan->text_bytes + (part + UINT64_C(1)) * plan->part_bytes;
    chunk->document_bits =
        plan->drop_duplicates ? 0 : fingerprint_bits(bytes / DOCUMENT_BYTES, MOST_FINGERPRINTS);
    chunk->line_bits = fingerprint_bits(bytes / LINE_BYTES, MOST_FINGERPRINTS);
    chunk->number = number;
    chunk->part = part;
    chunk->last = last;
    chunk->report = (struct corpus_report){0};
    chunk->totals = (struct sample_totals){0};
    memset(chunk->made, 0, sizeof chunk->made);
    memset(chunk->shards, 0, sizeof chunk->shards);
    memset(chunk->counts, 0, counts_bytes(chunk->plan));
    chunk->documents.count = chunk->lines.count = 0;
    buffer_reset(&chunk->excluded);
    frequent_words_reset(chunk->unknown);
    left_out_places_reset(&chunk->left_out);
}

static char *part_name(const char *prefix, uint64_t number, uint32_t part, const char *suffix)
{
    return part == 0 ? memory_text("%s%05" PRIu64 "%s", prefix, number, suffix)
                     : memory_text("%s%05" PRIu64 "-%05" PRIu32 "%s", prefix, number, part, suffix);
}

static char *shard_name(uint64_t number, uint32_t part, enum corpus_split split)
{
    char *prefix = memory_text("%s-", corpus_split_names[split]);
    char *name = part_name(prefix, number, part, SHARD_FILE_SUFFIX);
    free(prefix);
    return name;
}

char *chunk_shard_path(const struct chunk_plan *plan, uint64_t number, uint32_t part,
                       enum corpus_split split)
{
    char *name = shard_name(number, part, split);
    char *path = path_join(plan->folder, name);
    free(name);
    return path;
}

static char *record_path(const struct chunk_plan *plan, uint64_t number, uint32_t part)
{
    char *name = part_name(RECORD_FILE_PREFIX, number, part, RECORD_FILE_SUFFIX);
    char *path = path_join(plan->folder, name);
    free(name);
    return path;
}

/* --- adding ---------------------------------------------------------------------------------- */

static int open_writer(struct chunk *chunk, enum corpus_split split, struct error *err)
{
    char *path = chunk_shard_path(chunk->plan, chunk->number, chunk->part, split);
    int status = shard_writer_open(&chunk->writers[split], path, &chunk->plan->shard, err);
    free(path);
    return status;
}

int chunk_add(struct chunk *chunk, enum corpus_split split, uint64_t hash,
              const struct document *document, const struct document_encoder *encoder,
              struct error *err)
{
    if (!chunk->writers[split] && open_writer(chunk, split, err) < 0)
        return -1;
    const char *line;
    size_t cursor = 0, length, tokens;
    uint64_t bytes = 0;
    const uint64_t lines = chunk->report.lines, line_prints = chunk->lines.count;
    while (document_line(document, &cursor, &line, &length)) {
        fingerprints_add(&chunk->lines, chunk->line_bits, hash_bytes(line, length), length);
        chunk->report.lines++;
        bytes += length;
    }
    fingerprints_add(&chunk->documents, chunk->document_bits, hash, bytes);
    chunk->report.text_bytes += bytes;
    const int32_t *ids = document_encoder_ids(encoder, &tokens);
    if (chunk->plan->drop_duplicates) {
        ARRAY_RESERVE(chunk->each, chunk->documents.count, chunk->each_capacity);
        chunk->each[chunk->documents.count - 1] =
            (struct chunk_document){.split = split,
                                    .lines = chunk->report.lines - lines,
                                    .line_prints = chunk->lines.count - line_prints,
                                    .sentences = encoder->sentences,
                                    .tokens = tokens};
    }
    if (split == CORPUS_TRAIN)
        for (size_t t = 0; t < tokens; t++)
            chunk->counts[ids[t]]++;
    else
        chunk->report.heldout_documents++;
    return shard_writer_add(chunk->writers[split], ids, document_encoder_words(encoder),
                            encoder->lengths, encoder->sentences, err);
}

void chunk_exclude(struct chunk *chunk, const struct document *document, const char *sentence)
{
    const char *line;
    size_t cursor = 0, length;
    while (document_line(document, &cursor, &line, &length))
        chunk->report.excluded_document_bytes += length;
    if (chunk->report.excluded_documents++ < CHUNK_MOST_TOLD)
        buffer_print(&chunk->excluded, "%s\n", sentence);
}

int chunk_add_sample(struct chunk *chunk, enum corpus_split split, uint64_t hash, uint64_t size,
                     const struct ready_sample *sample, int32_t mask_id, struct error *err)
{
    if (!chunk->writers[split] && open_writer(chunk, split, err) < 0)
        return -1;
    fingerprints_add(&chunk->documents, chunk->document_bits, hash, size);
    sample_totals_count(&chunk->totals, sample, mask_id);
    chunk->report.documents++;
    chunk->report.sentences += 1 + (sample->a_tokens < sample->tokens);
    chunk->report.tokens += sample->tokens;
    if (split == CORPUS_TRAIN) {
        /* What counts is what the sample is to teach, so the ids that masks hide are put back. */
        for (uint32_t t = 0; t < sample->tokens; t++)
            chunk->counts[sample->ids[t]]++;
        for (uint32_t m = 0; m < sample->masks; m++) {
            chunk->counts[sample->ids[sample->positions[m]]]--;
            chunk->counts[sample->labels[m]]++;
        }
    } else {
        chunk->report.heldout_documents++;
    }
    return shard_writer_add_sample(chunk->writers[split], sample, err);
}

/* --- records --------------------------------------------------------------------------------- */

static void put_meta(const struct chunk *chunk, struct buffer *out)
{
    struct corpus_report report = chunk->report;
    struct sample_totals totals = chunk->totals;
    buffer_put_u64(out, chunk->plan->hash);
    buffer_put_u64(out, chunk->last);
    buffer_put_u64(out, (uint64_t)chunk->document_bits);
    buffer_put_u64(out, (uint64_t)chunk->line_bits);
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        const struct shard_summary *shard = &chunk->shards[s];
        const uint64_t numbers[] = {chunk->made[s], shard->documents, shard->sentences,
                                    shard->tokens,  shard->bytes,     shard->hash};
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            buffer_put_u64(out, numbers[i]);
    }
    for (int f = 0; f < corpus_report_fields; f++)
        buffer_put_u64(out, *corpus_report_field(&report, f));
    for (int f = 0; f < sample_totals_fields; f++)
        buffer_put_u64(out, *sample_totals_field(&totals, f));
    left_out_places_put(&chunk->left_out, out);
}

static void get_meta(struct chunk *chunk, struct byte_reader *reader, uint64_t *plan)
{
    *plan = byte_reader_u64(reader);
    chunk->last = byte_reader_u64(reader) != 0;
    chunk->document_bits = (int)byte_reader_u64(reader);
    chunk->line_bits = (int)byte_reader_u64(reader);
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        chunk->made[s] = byte_reader_u64(reader) != 0;
        chunk->shards[s].documents = byte_reader_u64(reader);
        chunk->shards[s].sentences = byte_reader_u64(reader);
        chunk->shards[s].tokens = byte_reader_u64(reader);
        chunk->shards[s].bytes = byte_reader_u64(reader);
        chunk->shards[s].hash = byte_reader_u64(reader);
    }
    for (int f = 0; f < corpus_report_fields; f++)
        *corpus_report_field(&chunk->report, f) = byte_reader_u64(reader);
    for (int f = 0; f < sample_totals_fields; f++)
        *sample_totals_field(&chunk->totals, f) = byte_reader_u64(reader);
    left_out_places_get(&chunk->left_out, reader);
}

int chunk_write_record(const struct chunk *chunk, struct error *err)
{
    struct container_writer file;
    struct buffer meta = {0}, unknown = {0};
    put_meta(chunk, &meta);
    frequent_words_put(chunk->unknown, &unknown);
    const struct {
        const char *name;
        const void *data;
        size_t size;
    } sections[] = {
        {"META", meta.data, meta.size},
        {"COUNTS", chunk->counts, counts_bytes(chunk->plan)},
        {"DOCS", chunk->documents.prints, chunk->documents.count * sizeof(struct fingerprint)},
        {"LINES", chunk->lines.prints, chunk->lines.count * sizeof(struct fingerprint)},
        {"EXCLUDED", chunk->excluded.data, chunk->excluded.size},
        {"UNKNOWN", unknown.data, unknown.size},
        {"EACH", chunk->each, chunk->documents.count * sizeof *chunk->each}};
    const size_t count =
        sizeof sections / sizeof sections[0] - (chunk->plan->drop_duplicates ? 0 : 1);
    char *path = record_path(chunk->plan, chunk->number, chunk->part);
    int status = container_writer_open(&file, path, RECORD_KIND, RECORD_VERSION, err);
    for (size_t i = 0; i < count && status == 0; i++)
        status = container_writer_section(&file, sections[i].name, sections[i].data,
                                          sections[i].size, err);
    if (status == 0)
        status = container_writer_commit(&file, err);
    buffer_release(&meta);
    buffer_release(&unknown);
    free(path);
    return status;
}

int chunk_commit(struct chunk *chunk, struct error *err)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        struct shard_writer *writer = chunk->writers[s];
        chunk->writers[s] = NULL;
        if (!writer)
            continue;
        if (shard_writer_commit(writer, &chunk->shards[s], err) < 0) {
            chunk_discard(chunk);
            return -1;
        }
        chunk->made[s] = true;
    }
    return chunk_write_record(chunk, err);
}

void chunk_discard(struct chunk *chunk)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        shard_writer_discard(chunk->writers[s]);
        chunk->writers[s] = NULL;
    }
}

/* --- reading records ------------------------------------------------------------------------- */

static int not_ours(const struct container *file, struct error *err)
{
    return error_set(err, "%s is not a record of this preparation; prepare the corpus again",
                     file->path);
}

static int get_fingerprints(const struct container *file, const char *name,
                            struct fingerprints *prints, struct error *err)
{
    const void *data;
    size_t size;
    if (container_section(file, name, &data, &size, err) < 0)
        return -1;
    prints->count = size / sizeof *prints->prints;
    ARRAY_RESERVE(prints->prints, prints->count, prints->capacity);
    if (prints->count > 0)
        memcpy(prints->prints, data, prints->count * sizeof *prints->prints);
    return 0;
}

static int get_record(struct chunk *chunk, const struct container *file, struct error *err)
{
    const void *meta, *counts, *excluded, *unknown, *each;
    size_t meta_size, counts_size, excluded_size, unknown_size, each_size;
    struct byte_reader reader;
    uint64_t plan = 0;
    if (container_section(file, "META", &meta, &meta_size, err) < 0 ||
        container_section(file, "COUNTS", &counts, &counts_size, err) < 0 ||
        get_fingerprints(file, "DOCS", &chunk->documents, err) < 0 ||
        get_fingerprints(file, "LINES", &chunk->lines, err) < 0 ||
        container_section(file, "EXCLUDED", &excluded, &excluded_size, err) < 0 ||
        container_section(file, "UNKNOWN", &unknown, &unknown_size, err) < 0 ||
        container_section(file, "EACH", &each, &each_size, err) < 0)
        return -1;
    const size_t each_wanted =
        chunk->plan->drop_duplicates ? chunk->documents.count * sizeof *chunk->each : 0;
    byte_reader_init(&reader, meta, meta_size);
    get_meta(chunk, &reader, &plan);
    if (reader.overrun || reader.position != meta_size || plan != chunk->plan->hash ||
        counts_size != counts_bytes(chunk->plan) || each_size != each_wanted ||
        frequent_words_join(chunk->unknown, unknown, unknown_size) < 0)
        return not_ours(file, err);
    memcpy(chunk->counts, counts, counts_size);
    if (excluded_size > 0)
        buffer_put(&chunk->excluded, excluded, excluded_size);
    ARRAY_RESERVE(chunk->each, chunk->documents.count, chunk->each_capacity);
    if (each_size > 0)
        memcpy(chunk->each, each, each_size);
    return 0;
}

int chunk_read(struct chunk *chunk, uint64_t number, uint32_t part, struct error *err)
{
    struct container file;
    char *path = record_path(chunk->plan, number, part);
    chunk_begin(chunk, number, part, false);
    int status = container_open(&file, path, RECORD_KIND, RECORD_VERSION, err);
    free(path);
    if (status < 0)
        return -1;
    status = get_record(chunk, &file, err);
    container_close(&file);
    return status;
}

int chunk_prints_open(struct chunk_prints *prints, const struct chunk_plan *plan, uint64_t number,
                      uint32_t part, bool with_prints, struct error *err)
{
    char *path = record_path(plan, number, part);
    struct byte_reader reader;
    const void *meta, *data;
    size_t meta_size, size;
    *prints = (struct chunk_prints){0};
    int status = container_open(&prints->file, path, RECORD_KIND, RECORD_VERSION, err);
    free(path);
    if (status < 0)
        return -1;
    status = container_section(&prints->file, "META", &meta, &meta_size, err);
    if (status == 0) {
        byte_reader_init(&reader, meta, meta_size);
        const uint64_t hash = byte_reader_u64(&reader);
        prints->last = byte_reader_u64(&reader) != 0;
        if (reader.overrun || hash != plan->hash)
            status = not_ours(&prints->file, err);
    }
    if (status == 0 && with_prints)
        status = container_section(&prints->file, "DOCS", &data, &size, err);
    else
        container_section_unchecked(&prints->file, "DOCS", &data, &size);
    if (status < 0) {
        container_close(&prints->file);
        return -1;
    }
    prints->prints = with_prints ? data : NULL;
    prints->count = size / sizeof *prints->prints;
    return 0;
}

void chunk_prints_close(struct chunk_prints *prints)
{
    container_close(&prints->file);
}

bool chunk_record_plan(const char *path, uint64_t *hash)
{
    struct container file;
    struct error err;
    const void *meta;
    size_t size;
    if (container_open(&file, path, RECORD_KIND, RECORD_VERSION, &err) < 0)
        return false;
    const bool whole = file.version == RECORD_VERSION &&
                       container_section(&file, "META", &meta, &size, &err) == 0 &&
                       size >= sizeof *hash;
    if (whole) {
        struct byte_reader reader;
        byte_reader_init(&reader, meta, size);
        *hash = byte_reader_u64(&reader);
    }
    container_close(&file);
    return whole;
}

/* Whether a shard is there and whole. The record was written after it, so it is not, or not what it
 * was, only where something happened to the folder. */
static bool shard_holds(const struct chunk *chunk, enum corpus_split split)
{
    const struct shard_options *options = &chunk->plan->shard;
    const struct shard_summary *wanted = &chunk->shards[split];
    char *path = chunk_shard_path(chunk->plan, chunk->number, chunk->part, split);
    struct shard shard;
    struct error err;
    int status = shard_open(&shard, path, options->vocabulary_hash, options->vocabulary_size, &err);
    if (status == 0) {
        const struct shard_summary found = shard_summary(&shard);
        status = container_verify(&shard.container, &err);
        if (status == 0 && (found.bytes != wanted->bytes || found.hash != wanted->hash))
            status = error_set(&err, "%s is not the shard that its record describes", path);
        shard_close(&shard);
    }
    if (status < 0)
        log_warning("a part that was done is prepared again: %s", err.text);
    free(path);
    return status == 0;
}

bool chunk_is_done(const struct chunk_plan *plan, uint64_t number, uint32_t part)
{
    struct chunk chunk;
    struct error err;
    char *path = record_path(plan, number, part);
    bool done = file_exists(path);
    free(path);
    if (!done)
        return false;
    chunk_init(&chunk, plan);
    done = chunk_read(&chunk, number, part, &err) == 0;
    for (int s = 0; s < CORPUS_SPLITS && done; s++)
        done = !chunk.made[s] || shard_holds(&chunk, (enum corpus_split)s);
    chunk_release(&chunk);
    return done;
}

void chunk_enter(const struct chunk *chunk, struct manifest *manifest)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        if (!chunk->made[s])
            continue;
        char *name = shard_name(chunk->number, chunk->part, (enum corpus_split)s);
        manifest_add_shard(manifest, (enum corpus_split)s, name, &chunk->shards[s]);
        free(name);
    }
}
