#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "fingerprints.h"
#include "lambert/base/clock.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/corpus/corpus_report.h"
#include "lambert/text/input_look.h"
#include "lambert/text/tokenizer.h"
#include "preparation.h"

/* What the records add up to. */
struct sums {
    struct manifest manifest;
    uint64_t *counts; /* [vocabulary size], of the training split */
    /* Of all chunks, thinned when there turn out to be more than was expected, so that they take at
     * most 2 * 32 MB. */
    struct fingerprints documents, lines;
    int document_bits, line_bits;
    struct left_out_places left_out;
    uint64_t labelled,
        unlabelled;         /* the first chunks with samples that have, and lack, a label, from 1 */
    struct buffer excluded; /* lines about the first documents that were */
    struct frequent_words *unknown; /* words that are [UNK] */
};
enum { MOST_PRINTS = 2 << 20 };

static void join_unknown(struct frequent_words *all, struct frequent_words *part)
{
    struct buffer bytes = {0};
    frequent_words_put(part, &bytes);
    if (frequent_words_join(all, bytes.data, bytes.size) < 0)
        bug("unknown words are not as they were put");
    buffer_release(&bytes);
}

static void note_labels(struct sums *sums, uint64_t chunk, const struct sample_totals *totals)
{
    const uint64_t labels = totals->next + totals->random;
    if (sums->labelled == 0 && labels > 0)
        sums->labelled = chunk;
    if (sums->unlabelled == 0 && labels < totals->samples)
        sums->unlabelled = chunk;
}

static int add_records(const struct preparation *p, struct sums *sums, struct error *err)
{
    const uint64_t chunks = preparation_chunks(p);
    struct chunk chunk;
    int status = 0;
    chunk_init(&chunk, &p->plan);
    for (uint64_t number = 0; number < chunks && status == 0; number++) {
        uint32_t part = 0;
        do {
            status = chunk_read(&chunk, number, part++, err);
            if (status < 0)
                break;
            corpus_report_add(&sums->manifest.report, &chunk.report);
            sample_totals_add(&sums->manifest.samples, &chunk.totals);
            chunk_enter(&chunk, &sums->manifest);
            note_labels(sums, number + 1, &chunk.totals);
            left_out_places_join(&sums->left_out, &chunk.left_out);
            if (count_newlines(sums->excluded.data, sums->excluded.size) < CHUNK_MOST_TOLD)
                buffer_put(&sums->excluded, chunk.excluded.data, chunk.excluded.size);
            join_unknown(sums->unknown, chunk.unknown);
            for (int id = 0; id < p->plan.shard.vocabulary_size; id++)
                sums->counts[id] += chunk.counts[id];
            if (!p->options.drop_duplicates) /* no copy is left to be counted */
                sums->document_bits =
                    fingerprints_join(&sums->documents, sums->document_bits, &chunk.documents,
                                      chunk.document_bits, MOST_PRINTS);
            sums->line_bits = fingerprints_join(&sums->lines, sums->line_bits, &chunk.lines,
                                                chunk.line_bits, MOST_PRINTS);
        } while (!chunk.last);
    }
    chunk_release(&chunk);
    return status;
}

/* Fills in what no record can tell: duplicates across chunks, sizes, and time. */
static void complete_report(const struct preparation *p, struct sums *sums)
{
    struct corpus_report *report = &sums->manifest.report;
    const bool samples = sums->manifest.contents == SHARD_READY_SAMPLES;
    const struct duplicates all_documents = {.count = corpus_report_kept(report),
                                             .bytes = samples ? report->input_bytes
                                                              : report->text_bytes};
    const struct duplicates all_lines = {.count = report->lines, .bytes = report->text_bytes};
    struct duplicates documents =
        fingerprints_duplicates(&sums->documents, sums->document_bits, &all_documents);
    struct duplicates lines = fingerprints_duplicates(&sums->lines, sums->line_bits, &all_lines);
    report->files = (uint64_t)p->inputs.count;
    report->exclusion_words = p->options.exclude ? (uint64_t)p->exclusion.words : 0;
    report->exclusion_ngrams = p->exclusion.ngrams;
    report->documents_per_print = UINT64_C(1) << sums->document_bits;
    report->lines_per_print = UINT64_C(1) << sums->line_bits;
    report->duplicate_documents = documents.count;
    report->duplicate_document_bytes = documents.bytes;
    report->duplicate_lines = lines.count;
    report->duplicate_line_bytes = lines.bytes;
    for (int s = 0; s < CORPUS_SPLITS; s++)
        report->corpus_bytes += manifest_split_total(&sums->manifest, (enum corpus_split)s).bytes;
    report->seconds = clock_seconds() - p->started;
}

/* Refuses samples that cannot be trained on; warns of labels that teach nothing. */
static int check_samples(const struct sample_totals *totals, struct error *err)
{
    if (totals->samples == 0)
        return error_set(err, "there are no records in the TFRecord files");
    if (totals->masks == 0)
        return error_set(err,
                         "none of the %" PRIu64 " samples has a masked position: there is nothing "
                         "to learn from them",
                         totals->samples);
    if (2 * totals->mask_tokens < totals->masks)
        return error_set(err,
                         "only %" PRIu64 " of %" PRIu64
                         " masked positions hold [MASK], where eight "
                         "of ten should; were the samples made with another vocabulary?",
                         totals->mask_tokens, totals->masks);
    if (totals->samples > 1 &&
        (totals->next == totals->samples || totals->random == totals->samples))
        log_warning("all %" PRIu64 " samples have the next-sentence label %d, so there is nothing "
                    "to learn from it; was the text that they were made of one document, without "
                    "blank lines between documents?",
                    totals->samples, totals->random > 0);
    return 0;
}

static int check_result(const struct preparation *p, const struct sums *sums, struct error *err)
{
    const struct manifest *manifest = &sums->manifest;
    const struct corpus_report *report = &manifest->report;
    const bool samples = manifest->contents == SHARD_READY_SAMPLES;
    if (samples && sums->labelled > 0 && sums->unlabelled > 0)
        return prepare_refuse_labels(p, (int)sums->labelled - 1, (int)sums->unlabelled - 1, err);
    if (samples && check_samples(&manifest->samples, err) < 0)
        return -1;
    if (!samples &&
        input_look_again(&p->inputs, p->options.shard_bytes, report->invalid_bytes, err) < 0)
        return -1;
    const uint64_t left_out =
        report->damaged_lines + report->keyless_lines + report->textless_lines;
    if (report->documents == 0 && left_out > 0)
        return error_set(err,
                         "there is no document in the JSON of %s%s: %" PRIu64
                         " lines are no object, %" PRIu64
                         " objects have none of the keys of a text (--text-key), %" PRIu64
                         " have no text under them",
                         p->inputs.files[0].path, p->inputs.count > 1 ? " and the other files" : "",
                         report->damaged_lines, report->keyless_lines, report->textless_lines);
    if (left_out_places_check(&sums->left_out, &p->inputs, &p->options.text, err) < 0)
        return -1;
    if (report->documents == report->empty_documents)
        return error_set(err, "there is no document with text in %s%s", p->inputs.files[0].path,
                         p->inputs.count > 1 ? " and the other files" : "");
    if (corpus_report_kept(report) == 0)
        return error_set(err,
                         "all %" PRIu64 " documents share words with %s and were left out; is it "
                         "a test set, and not the text itself?",
                         report->excluded_documents, p->options.exclude);
    if (manifest->splits[CORPUS_TRAIN].count == 0)
        return error_set(err,
                         "all %" PRIu64 " %s were set aside for evaluation; set a smaller "
                         "part aside, or add text",
                         report->heldout_documents, samples ? "samples" : "documents");
    return 0;
}

/* What may be no document as its author meant it. */
static void warn_of_lines(const struct prepare_options *options, const struct corpus_report *report)
{
    if (report->unparted_files > 0)
        log_warning("no blank line parts the %" PRIu64 " lines of %" PRIu64
                    " plain file%s, so that each file "
                    "is one document: if each line is one, --documents lines says so, and "
                    "--documents files if the files are",
                    report->unparted_lines, report->unparted_files,
                    report->unparted_files == 1 ? "" : "s");
    if (!options->text.wrapped && 2 * report->wrapped_bytes > report->input_bytes)
        log_warning(
            "the lines look as if they had been broken to fit a page, so that most of them end inside "
            "a sentence: --wrapped joins those of a paragraph");
}

static void warn_of_text(const struct preparation *p, const struct corpus_report *report,
                         const struct left_out_places *places)
{
    uint64_t training = corpus_report_kept(report) - report->heldout_documents;
    if (report->invalid_bytes > 0)
        log_warning("%" PRIu64 " bytes of the input are not valid UTF-8 and were left out",
                    report->invalid_bytes);
    left_out_places_warn(places, &p->inputs, &p->options.text);
    if (report->unclosed_documents > 0)
        log_warning("%" PRIu64
                    " <doc> lines have no </doc>; their text was kept, but the files may "
                    "be damaged",
                    report->unclosed_documents);
    if (report->cut_documents > 0)
        log_warning(
            "documents longer than a shard (%" PRIu64 " MB) were cut %" PRIu64
            " times: are there blank lines between the documents? (--documents lines: each line "
            "is one)",
            p->options.shard_bytes >> 20, report->cut_documents);
    warn_of_lines(&p->options, report);
    if (100 * report->unknown_words > report->words)
        log_warning(
            "%.1f%% of the words are [UNK]: the vocabulary lacks their characters, or was made for "
            "text that is tokenised otherwise (lambert show tokens shows which)",
            100 * (double)report->unknown_words / (double)report->words);
    if (100 * report->accents > report->characters)
        log_warning("%.1f%% of the characters lost their accents; --accents keep keeps them",
                    100 * (double)report->accents / (double)report->characters);
    if (training < 2)
        log_warning("there is only one document to train on, and pairs of sentences need two; "
                    "blank lines part documents");
    if (p->options.heldout_fraction > 0 && report->heldout_documents < 2)
        log_warning("%" PRIu64 " of %" PRIu64 " documents fell into the part set aside for "
                    "evaluation, which needs at least two",
                    report->heldout_documents, corpus_report_kept(report));
}

/* The commonest words that became [UNK]. They have no control characters: the tokenizer drops these. */
static void tell_unknown(const struct corpus_report *report, struct frequent_words *unknown)
{
    enum { MOST_TOLD = 10 };
    struct frequent_word words[MOST_TOLD];
    struct buffer line = {0};
    const int count = frequent_words_commonest(unknown, words, MOST_TOLD);
    const uint64_t missing = frequent_words_missing(unknown);
    if (count == 0)
        return;
    for (int w = 0; w < count; w++)
        buffer_print(&line, "%s\"%s\" %" PRIu64, w > 0 ? ", " : "", words[w].text, words[w].count);
    if (missing > 0)
        buffer_print(&line, " (each perhaps up to %" PRIu64 " times more)", missing);
    log_info("of %" PRIu64 " words that are [UNK] the commonest are: %s", report->unknown_words,
             buffer_text(&line));
    buffer_release(&line);
}

/* Names the first documents that were left out, so that one can look whether that is right. */
static void tell_excluded(const struct corpus_report *report, struct buffer *lines)
{
    char *line = (char *)buffer_text(lines), *rest;
    if (report->excluded_documents > 0)
        log_info("%" PRIu64 " documents share %" PRIu64 " words with a test set and were left out:",
                 report->excluded_documents, report->exclusion_words);
    for (int told = 0; told < CHUNK_MOST_TOLD && (line = strtok_r(told ? NULL : line, "\n", &rest));
         told++)
        log_info("    %s", line);
    if (report->excluded_documents > CHUNK_MOST_TOLD)
        log_info("    and %" PRIu64 " more", report->excluded_documents - CHUNK_MOST_TOLD);
}

static int write_file(const struct preparation *p, const char *name, const void *data, size_t size,
                      struct error *err)
{
    char *path = path_join(p->folder.work, name);
    int status = file_write(path, data, size, err);
    free(path);
    return status;
}

static int write_counts(const struct preparation *p, const uint64_t *counts, struct error *err)
{
    struct container_writer file;
    struct buffer bytes = {0};
    char *path = path_join(p->folder.work, COUNTS_FILE);
    for (int id = 0; id < vocabulary_size(p->vocabulary); id++)
        buffer_put_u64(&bytes, counts[id]);
    int status = -1;
    if (container_writer_open(&file, path, COUNTS_KIND, COUNTS_VERSION, err) == 0 &&
        container_writer_section(&file, COUNTS_SECTION, bytes.data, bytes.size, err) == 0)
        status = container_writer_commit(&file, err);
    buffer_release(&bytes);
    free(path);
    return status;
}

/* The report of the corpus that is in its place. */
static int read_report(const struct preparation *p, struct corpus_report *report, struct error *err)
{
    char *path = path_join(p->options.output, MANIFEST_FILE);
    struct manifest manifest;
    struct buffer text = {0};
    int status = file_read(path, &text, err);
    if (status == 0)
        status = manifest_parse(&manifest, buffer_text(&text), path, err);
    if (status == 0) {
        *report = manifest.report;
        report->seconds = clock_seconds() - p->started;
        manifest_release(&manifest);
    }
    buffer_release(&text);
    free(path);
    return status;
}

/* Adds the records up, judges what they tell, and writes what makes shards a corpus: vocabulary and
 * counts, and last the manifest, when all else is in place. Records are then of no more use. */
int prepare_finish(struct preparation *p, struct corpus_report *report, struct error *err)
{
    struct sums sums = {.manifest = {.vocabulary_hash = p->plan.shard.vocabulary_hash,
                                     .vocabulary_size = p->plan.shard.vocabulary_size,
                                     .contents = p->plan.shard.contents,
                                     .tokenizer = p->options.tokenizer,
                                     .split_sentences = p->options.split_sentences,
                                     .segmented = p->options.segmented,
                                     .heldout_fraction = p->options.heldout_fraction,
                                     .unicode = memory_copy_text(tokenizer_unicode_version())},
                        .counts =
                            memory_new((size_t)p->plan.shard.vocabulary_size, sizeof *sums.counts),
                        .unknown = frequent_words_new(CHUNK_UNKNOWN_WORDS)};
    struct buffer text = {0};
    int status = -1;
    if (prepare_is_done(p)) {
        status = read_report(p, report, err);
        goto done;
    }
    if (add_records(p, &sums, err) < 0)
        goto done;
    complete_report(p, &sums);
    *report = sums.manifest.report;
    if (check_result(p, &sums, err) < 0) {
        corpus_folder_abandon(&p->folder);
        goto done;
    }
    if (sums.manifest.contents == SHARD_DOCUMENTS_OF_TEXT)
        warn_of_text(p, &sums.manifest.report, &sums.left_out);
    tell_unknown(&sums.manifest.report, sums.unknown);
    tell_excluded(&sums.manifest.report, &sums.excluded);

    size_t size;
    const char *vocabulary = vocabulary_text(p->vocabulary, &size);
    manifest_print(&sums.manifest, &text);
    if (write_file(p, VOCABULARY_FILE, vocabulary, size, err) < 0 ||
        write_counts(p, sums.counts, err) < 0 ||
        write_file(p, MANIFEST_FILE, text.data, text.size, err) < 0)
        goto done;
    status = corpus_folder_commit(&p->folder, err);
done:
    buffer_release(&text);
    fingerprints_release(&sums.documents);
    fingerprints_release(&sums.lines);
    buffer_release(&sums.excluded);
    frequent_words_free(sums.unknown);
    manifest_release(&sums.manifest);
    free(sums.counts);
    return status;
}
