#include "piece.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprints.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "prepare_report.h"
#include "shard.h"

#define RECORD_KIND "piece"
enum { RECORD_VERSION = 1 };

void piece_init(struct piece *piece, const struct piece_plan *plan)
{
    *piece = (struct piece){.plan = plan};
    piece->counts = memory_new((size_t)plan->shard.vocabulary_size, sizeof *piece->counts);
}

void piece_release(struct piece *piece)
{
    piece_discard(piece);
    free(piece->counts);
    buffer_release(&piece->documents);
    buffer_release(&piece->lines);
    *piece = (struct piece){0};
}

static size_t counts_bytes(const struct piece_plan *plan)
{
    return (size_t)plan->shard.vocabulary_size * sizeof(uint32_t);
}

void piece_begin(struct piece *piece, uint64_t number, uint32_t part, bool last)
{
    piece->number = number;
    piece->part = part;
    piece->last = last;
    piece->report = (struct prepare_report){0};
    piece->totals = (struct sample_totals){0};
    memset(piece->made, 0, sizeof piece->made);
    memset(piece->shards, 0, sizeof piece->shards);
    memset(piece->counts, 0, counts_bytes(piece->plan));
    buffer_reset(&piece->documents);
    buffer_reset(&piece->lines);
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

static char *shard_path(const struct piece_plan *plan, uint64_t number, uint32_t part,
                        enum corpus_split split)
{
    char *name = shard_name(number, part, split);
    char *path = path_join(plan->folder, name);
    free(name);
    return path;
}

static char *record_path(const struct piece_plan *plan, uint64_t number, uint32_t part)
{
    char *name = part_name(RECORD_FILE_PREFIX, number, part, RECORD_FILE_SUFFIX);
    char *path = path_join(plan->folder, name);
    free(name);
    return path;
}

/* --- adding ---------------------------------------------------------------------------------- */

static int open_writer(struct piece *piece, enum corpus_split split, struct error *err)
{
    char *path = shard_path(piece->plan, piece->number, piece->part, split);
    int status = shard_writer_open(&piece->writers[split], path, &piece->plan->shard, err);
    free(path);
    return status;
}

static void count_lines(struct piece *piece, const struct document *document)
{
    const char *line;
    size_t cursor = 0, length;
    while (document_line(document, &cursor, &line, &length)) {
        piece->report.lines++;
        piece->report.text_bytes += length;
        fingerprints_add(&piece->lines, piece->plan->line_bits, hash_bytes(line, length), length);
    }
}

static void count_tokens(struct piece *piece, const struct document_encoder *encoder)
{
    const int32_t *ids = (const int32_t *)(void *)encoder->ids.data;
    size_t tokens = encoder->ids.size / sizeof *ids;
    for (size_t t = 0; t < tokens; t++)
        piece->counts[ids[t]]++;
}

int piece_add(struct piece *piece, enum corpus_split split, uint64_t hash,
              const struct document *document, const struct document_encoder *encoder,
              struct error *err)
{
    if (!piece->writers[split] && open_writer(piece, split, err) < 0)
        return -1;
    const uint64_t before = piece->report.text_bytes;
    count_lines(piece, document);
    fingerprints_add(&piece->documents, piece->plan->document_bits, hash,
                     piece->report.text_bytes - before);
    if (split == CORPUS_TRAIN)
        count_tokens(piece, encoder);
    else
        piece->report.heldout_documents++;
    return shard_writer_add(piece->writers[split], (const int32_t *)(void *)encoder->ids.data,
                            (const uint32_t *)(void *)encoder->lengths.data,
                            (uint32_t)(encoder->lengths.size / sizeof(uint32_t)), err);
}

/* Of what the sample is to teach: the ids behind the masks. */
static void count_sample(struct piece *piece, const struct ready_sample *sample)
{
    for (uint32_t t = 0; t < sample->tokens; t++)
        piece->counts[sample->ids[t]]++;
    for (uint32_t m = 0; m < sample->masks; m++) {
        piece->counts[sample->ids[sample->positions[m]]]--;
        piece->counts[sample->labels[m]]++;
    }
}

int piece_add_sample(struct piece *piece, enum corpus_split split, uint64_t hash, uint64_t size,
                     const struct ready_sample *sample, int32_t mask_id, struct error *err)
{
    if (!piece->writers[split] && open_writer(piece, split, err) < 0)
        return -1;
    fingerprints_add(&piece->documents, piece->plan->document_bits, hash, size);
    sample_totals_count(&piece->totals, sample, mask_id);
    piece->report.documents++;
    piece->report.sentences += 1 + (sample->a_tokens < sample->tokens);
    piece->report.tokens += sample->tokens;
    if (split == CORPUS_TRAIN)
        count_sample(piece, sample);
    else
        piece->report.heldout_documents++;
    return shard_writer_add_sample(piece->writers[split], sample, err);
}

/* --- records --------------------------------------------------------------------------------- */

static void put_meta(const struct piece *piece, struct buffer *out)
{
    struct prepare_report report = piece->report;
    struct sample_totals totals = piece->totals;
    buffer_put_u64(out, piece->plan->hash);
    buffer_put_u64(out, piece->last);
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        const struct shard_summary *shard = &piece->shards[s];
        const uint64_t numbers[] = {piece->made[s], shard->documents, shard->sentences,
                                    shard->tokens,  shard->bytes,     shard->hash};
        for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++)
            buffer_put_u64(out, numbers[i]);
    }
    for (int f = 0; f < prepare_report_fields; f++)
        buffer_put_u64(out, *prepare_report_field(&report, f));
    for (int f = 0; f < sample_totals_fields; f++)
        buffer_put_u64(out, *sample_totals_field(&totals, f));
}

static void get_meta(struct piece *piece, struct byte_reader *reader, uint64_t *plan)
{
    *plan = byte_reader_u64(reader);
    piece->last = byte_reader_u64(reader) != 0;
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        piece->made[s] = byte_reader_u64(reader) != 0;
        piece->shards[s].documents = byte_reader_u64(reader);
        piece->shards[s].sentences = byte_reader_u64(reader);
        piece->shards[s].tokens = byte_reader_u64(reader);
        piece->shards[s].bytes = byte_reader_u64(reader);
        piece->shards[s].hash = byte_reader_u64(reader);
    }
    for (int f = 0; f < prepare_report_fields; f++)
        *prepare_report_field(&piece->report, f) = byte_reader_u64(reader);
    for (int f = 0; f < sample_totals_fields; f++)
        *sample_totals_field(&piece->totals, f) = byte_reader_u64(reader);
}

static int write_record(const struct piece *piece, struct error *err)
{
    struct container_writer file;
    struct buffer meta = {0};
    char *path = record_path(piece->plan, piece->number, piece->part);
    const struct buffer counts = {.data = (uint8_t *)piece->counts,
                                  .size = counts_bytes(piece->plan)};
    const struct {
        const char *name;
        const struct buffer *bytes;
    } sections[] = {{"META", &meta},
                    {"COUNTS", &counts},
                    {"DOCS", &piece->documents},
                    {"LINES", &piece->lines}};
    put_meta(piece, &meta);
    int status = container_writer_open(&file, path, RECORD_KIND, RECORD_VERSION, err);
    for (size_t i = 0; i < sizeof sections / sizeof sections[0] && status == 0; i++)
        status = container_writer_section(&file, sections[i].name, sections[i].bytes->data,
                                          sections[i].bytes->size, err);
    if (status == 0)
        status = container_writer_commit(&file, err);
    buffer_release(&meta);
    free(path);
    return status;
}

int piece_commit(struct piece *piece, struct error *err)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        struct shard_writer *writer = piece->writers[s];
        piece->writers[s] = NULL;
        if (!writer)
            continue;
        if (shard_writer_commit(writer, &piece->shards[s], err) < 0) {
            piece_discard(piece);
            return -1;
        }
        piece->made[s] = true;
    }
    return write_record(piece, err);
}

void piece_discard(struct piece *piece)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        shard_writer_discard(piece->writers[s]);
        piece->writers[s] = NULL;
    }
}

/* --- reading records ------------------------------------------------------------------------- */

static int get_section(const struct container *file, const char *name, struct buffer *out,
                       struct error *err)
{
    const void *data;
    size_t size;
    buffer_reset(out);
    if (container_section(file, name, &data, &size, err) < 0)
        return -1;
    buffer_put(out, data, size);
    return 0;
}

static int get_record(struct piece *piece, const struct container *file, struct error *err)
{
    struct buffer meta = {0}, counts = {0};
    struct byte_reader reader;
    uint64_t plan = 0;
    int status = get_section(file, "META", &meta, err);
    if (status == 0)
        status = get_section(file, "COUNTS", &counts, err);
    if (status == 0)
        status = get_section(file, "DOCS", &piece->documents, err);
    if (status == 0)
        status = get_section(file, "LINES", &piece->lines, err);
    byte_reader_init(&reader, meta.data, meta.size);
    if (status == 0)
        get_meta(piece, &reader, &plan);
    if (status == 0 && (reader.overrun || reader.position != meta.size ||
                        plan != piece->plan->hash || counts.size != counts_bytes(piece->plan)))
        status = error_set(err, "%s is not a record of this preparation; prepare the corpus again",
                           file->path);
    if (status == 0)
        memcpy(piece->counts, counts.data, counts.size);
    buffer_release(&meta);
    buffer_release(&counts);
    return status;
}

int piece_read(struct piece *piece, uint64_t number, uint32_t part, struct error *err)
{
    struct container file;
    char *path = record_path(piece->plan, number, part);
    piece_begin(piece, number, part, false);
    int status = container_open(&file, path, RECORD_KIND, RECORD_VERSION, err);
    if (status == 0) {
        status = get_record(piece, &file, err);
        container_close(&file);
    }
    free(path);
    return status;
}

bool piece_record_plan(const char *path, uint64_t *hash)
{
    struct container file;
    struct error err;
    const void *meta;
    size_t size;
    if (container_open(&file, path, RECORD_KIND, RECORD_VERSION, &err) < 0)
        return false;
    bool whole = container_section(&file, "META", &meta, &size, &err) == 0 && size >= sizeof *hash;
    struct byte_reader reader;
    byte_reader_init(&reader, meta, whole ? size : 0);
    *hash = byte_reader_u64(&reader);
    container_close(&file);
    return whole;
}

static int check_shard(const struct piece *piece, const char *path, enum corpus_split split,
                       struct error *err)
{
    const struct shard_options *options = &piece->plan->shard;
    const struct shard_summary *wanted = &piece->shards[split];
    struct shard shard;
    if (shard_open(&shard, path, options->vocabulary_hash, options->vocabulary_size, err) < 0)
        return -1;
    const struct shard_summary found = shard_summary(&shard);
    int status = container_verify(&shard.container, err);
    if (status == 0 && (found.bytes != wanted->bytes || found.hash != wanted->hash))
        status = error_set(err, "%s is not the shard that its record describes", path);
    shard_close(&shard);
    return status;
}

/* The record was written after it, so it is not there, or not what it was, only where something
 * happened to the folder. */
static bool shard_holds(const struct piece *piece, enum corpus_split split)
{
    struct error err;
    char *path = shard_path(piece->plan, piece->number, piece->part, split);
    bool holds = check_shard(piece, path, split, &err) == 0;
    if (!holds)
        log_warning("a part that was done is prepared again: %s", err.text);
    free(path);
    return holds;
}

bool piece_is_done(const struct piece_plan *plan, uint64_t number, uint32_t part)
{
    struct piece piece;
    struct error err;
    char *path = record_path(plan, number, part);
    bool done = file_exists(path);
    free(path);
    if (!done)
        return false;
    piece_init(&piece, plan);
    done = piece_read(&piece, number, part, &err) == 0;
    for (int s = 0; s < CORPUS_SPLITS && done; s++)
        done = !piece.made[s] || shard_holds(&piece, (enum corpus_split)s);
    piece_release(&piece);
    return done;
}

void piece_enter(const struct piece *piece, struct manifest *manifest)
{
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        if (!piece->made[s])
            continue;
        char *name = shard_name(piece->number, piece->part, (enum corpus_split)s);
        manifest_add_shard(manifest, (enum corpus_split)s, name, &piece->shards[s]);
        free(name);
    }
}
