#include <inttypes.h>
#include <stdlib.h>

#include "fingerprints.h"
#include "lambert/base/clock.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/progress.h"
#include "lambert/corpus/corpus_report.h"
#include "lambert/text/tokenizer.h"
#include "preparation.h"

/* Of all chunks, thinned when there turn out to be more than was expected: so they take at most
 * 2 * 32 MB. */
struct prints {
    struct buffer documents, lines;
    int document_bits, line_bits;
};
enum { MOST_PRINTS = 2 << 20 };

static void add_chunk(struct preparation *p, const struct chunk *chunk, struct prints *prints)
{
    corpus_report_add(&p->manifest.report, &chunk->report);
    sample_totals_add(&p->manifest.samples, &chunk->totals);
    chunk_enter(chunk, &p->manifest);
    for (int id = 0; id < p->plan.shard.vocabulary_size; id++)
        p->counts[id] += chunk->counts[id];
    prints->document_bits = fingerprints_join(&prints->documents, prints->document_bits,
                                              &chunk->documents, MOST_PRINTS);
    prints->line_bits =
        fingerprints_join(&prints->lines, prints->line_bits, &chunk->lines, MOST_PRINTS);
}

static int add_chunks(struct preparation *p, struct prints *prints, struct error *err)
{
    struct chunk chunk;
    const uint64_t chunks = preparation_chunks(p);
    int status = 0;
    chunk_init(&chunk, &p->plan);
    for (uint64_t number = 0; number < chunks && status == 0; number++) {
        uint32_t part = 0;
        do {
            status = chunk_read(&chunk, number, part++, err);
            if (status == 0)
                add_chunk(p, &chunk, prints);
        } while (status == 0 && !chunk.last);
    }
    chunk_release(&chunk);
    return status;
}

static void complete_report(struct preparation *p, struct prints *prints)
{
    struct corpus_report *report = &p->manifest.report;
    const bool samples = p->manifest.contents == SHARD_READY_SAMPLES;
    const struct duplicates all_documents = {.count = report->documents - report->empty_documents,
                                             .bytes = samples ? report->input_bytes
                                                              : report->text_bytes};
    const struct duplicates all_lines = {.count = report->lines, .bytes = report->text_bytes};
    struct duplicates documents =
        fingerprints_duplicates(&prints->documents, prints->document_bits, &all_documents);
    struct duplicates lines =
        fingerprints_duplicates(&prints->lines, prints->line_bits, &all_lines);
    report->files = (uint64_t)p->inputs.count;
    report->documents_per_print = UINT64_C(1) << prints->document_bits;
    report->lines_per_print = UINT64_C(1) << prints->line_bits;
    report->duplicate_documents = documents.count;
    report->duplicate_document_bytes = documents.bytes;
    report->duplicate_lines = lines.count;
    report->duplicate_line_bytes = lines.bytes;
    for (int s = 0; s < CORPUS_SPLITS; s++)
        report->corpus_bytes += manifest_split_total(&p->manifest, (enum corpus_split)s).bytes;
    report->seconds = clock_seconds() - p->started;
}

static int add_up(struct preparation *p, struct error *err)
{
    struct prints prints = {.document_bits = p->plan.document_bits, .line_bits = p->plan.line_bits};
    p->manifest = (struct manifest){.vocabulary_hash = p->plan.shard.vocabulary_hash,
                                    .vocabulary_size = p->plan.shard.vocabulary_size,
                                    .contents = p->plan.shard.contents,
                                    .lower_case = p->options.lower_case,
                                    .split_sentences = p->options.split_sentences,
                                    .heldout_fraction = p->options.heldout_fraction,
                                    .unicode = memory_copy_text(tokenizer_unicode_version())};
    p->counts = memory_new((size_t)p->plan.shard.vocabulary_size, sizeof *p->counts);
    int status = add_chunks(p, &prints, err);
    if (status == 0)
        complete_report(p, &prints);
    buffer_release(&prints.documents);
    buffer_release(&prints.lines);
    return status;
}

static int check_result(const struct preparation *p, struct error *err)
{
    const struct corpus_report *report = &p->manifest.report;
    const char *first = p->inputs.files[0].path;
    const bool samples = p->manifest.contents == SHARD_READY_SAMPLES;
    if (samples && check_samples(&p->manifest.samples, err) < 0)
        return -1;
    if (report->documents == report->empty_documents)
        return error_set(err, "there is no document with text in %s%s", first,
                         p->inputs.count > 1 ? " and the other files" : "");
    if (p->manifest.splits[CORPUS_TRAIN].count == 0)
        return error_set(err,
                         "all %" PRIu64 " %s were set aside for evaluation; set a smaller "
                         "part aside, or add text",
                         report->heldout_documents, samples ? "samples" : "documents");
    return 0;
}

static void warn(const struct preparation *p)
{
    const struct corpus_report *report = &p->manifest.report;
    uint64_t training = report->documents - report->empty_documents - report->heldout_documents;
    if (p->manifest.contents == SHARD_READY_SAMPLES)
        return;
    if (report->invalid_bytes > 0)
        log_warning("%" PRIu64 " bytes of the input are not valid UTF-8 and were left out",
                    report->invalid_bytes);
    if (report->damaged_lines > 0)
        log_warning("%" PRIu64 " lines of JSON have no \"text\" and were left out",
                    report->damaged_lines);
    if (report->unclosed_documents > 0)
        log_warning("%" PRIu64
                    " <doc> lines have no </doc>; their text was kept, but the files may "
                    "be damaged",
                    report->unclosed_documents);
    if (report->cut_documents > 0)
        log_warning("documents longer than a shard (%" PRIu64 " MB) were cut %" PRIu64
                    " times: are there blank lines between the documents?",
                    p->options.shard_bytes >> 20, report->cut_documents);
    if (training < 2)
        log_warning("there is only one document to train on, and pairs of sentences need two; "
                    "blank lines part documents");
    if (p->options.heldout_fraction > 0 && report->heldout_documents < 2)
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

/* Everything but the manifest is in place when it is written. */
int prepare_finish(struct preparation *p, struct corpus_report *report, struct error *err)
{
    if (add_up(p, err) < 0)
        return -1;
    *report = p->manifest.report;
    if (check_result(p, err) < 0) {
        corpus_folder_abandon(&p->folder);
        return -1;
    }
    warn(p);
    if (write_vocabulary(p, err) < 0 || write_counts(p, err) < 0 || write_manifest(p, err) < 0)
        return -1;
    return corpus_folder_remove_records(&p->folder, err);
}
