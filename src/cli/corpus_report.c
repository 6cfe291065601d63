#include "corpus_report.h"

#include <inttypes.h>
#include <stdio.h>

#include "lambert/base/log.h"
#include "lambert/config/config.h"
#include "lambert/run/options.h"

enum { LONG_SENTENCE = 100 }; /* tokens: English has 25 on average */

static void print_lengths(const char *what, const char *unit, const struct length_summary *summary)
{
    printf("  %-12s %.1f %s on average, half up to %" PRIu64 ", 90%% up to %" PRIu64
           ", 99%% up to %" PRIu64 ", longest %" PRIu64 "\n",
           what, summary->mean, unit, summary->half, summary->ninety, summary->ninety_nine,
           summary->longest);
}

static void print_samples(const struct sample_summary *summary, const char *why)
{
    static const int batches[] = {256, 4096, 32768};
    if (summary->samples == 0) {
        printf("  at %-9d none: %s\n", summary->sequence_length, why);
        return;
    }
    printf("  at %-9d %" PRIu64 " samples an epoch, %.1f tokens on average; %.1f%% of the "
           "tokens are cut off, padding would add %.0f%%\n",
           summary->sequence_length, summary->samples, summary->mean_tokens, 100 * summary->cut,
           100 * summary->padding);
    printf("  %-12s steps an epoch:", "");
    for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
        printf("%s %.*f with a global batch of %d", i ? "," : "",
               summary->samples < 10 * (uint64_t)batches[i], (double)summary->samples / batches[i],
               batches[i]);
    printf("\n");
}

static void print_histogram(const uint64_t bins[LENGTH_BINS])
{
    static const char bar[] = "########################################";
    uint64_t most = 0, all = 0;
    int first = LENGTH_BINS, last = -1;
    for (int bin = 0; bin < LENGTH_BINS; bin++) {
        all += bins[bin];
        most = bins[bin] > most ? bins[bin] : most;
        first = bins[bin] > 0 && first == LENGTH_BINS ? bin : first;
        last = bins[bin] > 0 ? bin : last;
    }
    printf("  %20s %10s\n", "tokens in a document", "documents");
    for (int bin = first; bin <= last; bin++) {
        const uint64_t shortest = UINT64_C(1) << bin;
        const int length = (int)((double)(sizeof bar - 1) * (double)bins[bin] / (double)most + 0.5);
        char range[48] = "1";
        if (bin > 0)
            snprintf(range, sizeof range, "%" PRIu64 " to %" PRIu64, shortest, 2 * shortest - 1);
        printf("  %20s %10" PRIu64 " %5.1f%%%s%.*s\n", range, bins[bin],
               100 * (double)bins[bin] / (double)all, length > 0 ? " " : "", length, bar);
    }
}

static double percent(uint64_t part, uint64_t whole)
{
    return whole > 0 ? 100 * (double)part / (double)whole : 0;
}

static void print_copies(const char *head, const char *what, uint64_t copies, uint64_t all,
                         double text, uint64_t per_print)
{
    printf("  %-12s %" PRIu64 " %s are copies of others: %.2f%% of them, %.2f%% of the text", head,
           copies, what, percent(copies, all), text);
    if (per_print > 1)
        printf(" (estimated from one of %" PRIu64 ")", per_print);
    printf("\n");
}

double corpus_report_unknown_part(const struct corpus_report *report)
{
    return report->words > 0 ? (double)report->unknown_words / (double)report->words : 0;
}

/* Only what there is. */
static void print_left_out(const char *head, uint64_t count, const char *what)
{
    if (count > 0)
        printf("  %-12s %" PRIu64 " %s\n", head, count, what);
}

static void print_text(const struct corpus_report *report, bool segmented)
{
    printf("  %-12s %.1f MB of text in %" PRIu64 " files; %.1f MB in the corpus\n", "made of",
           (double)report->input_bytes / 1e6, report->files, (double)report->corpus_bytes / 1e6);
    if (segmented)
        printf("  %-12s by the blanks of the text, which whole_words and spans mask as they are\n",
               "words");
    printf("  %-12s %" PRIu64 " of %" PRIu64 " documents, which have no text%s; %" PRIu64
           " bytes that are not UTF-8\n",
           "left out", report->empty_documents, report->documents,
           report->empty_documents > 0 ? " (as redirects in a Wikipedia dump)" : "",
           report->invalid_bytes);
    /* What prep warned of; only what there is. */
    print_left_out("damaged", report->damaged_lines, "lines that are no JSON object");
    print_left_out("damaged", report->keyless_lines, "JSON objects without the keys of a text");
    print_left_out("damaged", report->textless_lines,
                   "JSON objects with something else than a text under its key");
    print_left_out("", report->action_lines,
                   "lines of Elasticsearch's bulk form, left out as they should be");
    print_left_out("one document", report->unparted_files,
                   "plain files of many lines without a blank one");
    if (report->unclosed_documents > 0)
        printf("  %-12s %" PRIu64 " documents begin with <doc> and have no </doc>\n", "damaged",
               report->unclosed_documents);
    if (report->cut_documents > 0)
        printf("  %-12s %" PRIu64 " times a document, which was longer than a shard\n", "cut",
               report->cut_documents);
    printf("  %-12s %" PRIu64 " documents of one sentence, which give pairs only with others\n",
           "short", report->one_sentence_documents);
    if (report->exclusion_words > 0)
        printf("  %-12s %" PRIu64 " documents that share %" PRIu64
               " words with a test set (of %" PRIu64
               " such runs): %.2f%% of them, %.2f%% of the text\n",
               "excluded", report->excluded_documents, report->exclusion_words,
               report->exclusion_ngrams,
               percent(report->excluded_documents, report->documents - report->empty_documents),
               percent(report->excluded_document_bytes, report->text_bytes +
                                                            report->dropped_document_bytes +
                                                            report->excluded_document_bytes));
    if (report->dropped_documents > 0)
        printf("  %-12s %" PRIu64
               " documents that were copies of others: %.2f%% of them, %.2f%% of "
               "the text\n",
               "dropped", report->dropped_documents,
               percent(report->dropped_documents,
                       report->documents - report->empty_documents - report->excluded_documents),
               percent(report->dropped_document_bytes,
                       report->text_bytes + report->dropped_document_bytes));
    print_copies("duplicates", "documents", report->duplicate_documents, corpus_report_kept(report),
                 percent(report->duplicate_document_bytes, report->text_bytes),
                 report->documents_per_print);
    print_copies("", "lines", report->duplicate_lines, report->lines,
                 percent(report->duplicate_line_bytes, report->text_bytes),
                 report->lines_per_print);
    printf("  %-12s %.3f%% of %" PRIu64 " words are [UNK]\n", "unknown",
           100 * corpus_report_unknown_part(report), report->words);
    if (report->accents > 0)
        printf("  %-12s %.3f%% of %" PRIu64 " characters lost theirs\n", "accents",
               percent(report->accents, report->characters), report->characters);
}

static void print_ready(const struct corpus_report *report, const struct sample_totals *samples)
{
    printf("  %-12s %.1f MB of records in %" PRIu64 " TFRecord files; %.1f MB in the corpus\n",
           "made of", (double)report->input_bytes / 1e6, report->files,
           (double)report->corpus_bytes / 1e6);
    printf("  %-12s %" PRIu64 " ready samples of %" PRIu64 " to %" PRIu64
           " tokens, with their masks and labels\n",
           "holds", samples->samples, samples->shortest, samples->longest);
    printf("  %-12s %" PRIu64 " (%.1f%% of the tokens), at most %" PRIu64
           " a sample; %.1f%% of them hold [MASK]\n",
           "masks", samples->masks, percent(samples->masks, report->tokens), samples->most_masks,
           percent(samples->mask_tokens, samples->masks));
    printf("  %-12s %" PRIu64 " samples where B follows A (0), %" PRIu64
           " where it is random (1)\n",
           "labels", samples->next, samples->random);
    printf("  %-12s %" PRIu64 " records are copies of others\n", "duplicates",
           report->duplicate_documents);
}

int corpus_report_measure(struct corpus_statistics *statistics, const struct corpus *corpus,
                          struct error *err)
{
    struct config config;
    config_defaults(&config);
    const struct sampler_options options = sampler_options_of(&config, 0);
    return corpus_statistics_make(statistics, corpus_store(corpus, CORPUS_TRAIN),
                                  corpus_vocabulary(corpus), &options, err);
}

void corpus_report_warn(const struct corpus *corpus, const struct corpus_statistics *statistics)
{
    const struct sample_summary *shortest = &statistics->samples[0];
    if (corpus_contents(corpus) == SHARD_READY_SAMPLES ||
        statistics->sentence_tokens.half <= LONG_SENTENCE)
        return;
    log_warning("half of the sentences have more than %d tokens: few of their ends were found; "
                "at %d tokens %.0f%% of the text is cut off and never trained on. `lambert show "
                "sentences` shows what is found; text that another program has split, a sentence a "
                "line, goes in with --lines-are-sentences",
                LONG_SENTENCE, shortest->sequence_length, 100 * shortest->cut);
}

void corpus_report_print(const struct corpus *corpus, const struct corpus_statistics *statistics)
{
    const struct corpus_report report = corpus_report(corpus);
    const struct sample_totals samples = corpus_samples(corpus);
    const struct vocabulary *vocabulary = corpus_vocabulary(corpus);
    char tokenizer[TOKENIZER_OPTIONS_TEXT];
    printf("%s (hash %016" PRIx64 ")\n", corpus_folder(corpus), corpus_hash(corpus));
    printf("  %-12s %d entries, %s, hash %016" PRIx64 "\n", "vocabulary",
           vocabulary_size(vocabulary), tokenizer_options_text(corpus_tokenizer(corpus), tokenizer),
           vocabulary_hash(vocabulary));
    if (corpus_contents(corpus) == SHARD_READY_SAMPLES)
        print_ready(&report, &samples);
    else
        print_text(&report, corpus_is_segmented(corpus));
    printf("\n  %-12s %12s %12s %14s %8s\n", "split", "documents", "sentences", "tokens", "shards");
    for (int s = 0; s < CORPUS_SPLITS; s++) {
        const struct document_store *store = corpus_store(corpus, (enum corpus_split)s);
        printf("  %-12s %12" PRIu64 " %12" PRIu64 " %14" PRIu64 " %8d\n", corpus_split_names[s],
               document_store_documents(store), document_store_sentences(store),
               document_store_tokens(store), document_store_shards(store));
    }
    printf("\ntraining split\n");
    print_lengths("sentences", "tokens", &statistics->sentence_tokens);
    print_lengths("documents", "sentences", &statistics->document_sentences);
    print_lengths("documents", "tokens", &statistics->document_tokens);
    for (int i = 0; i < SAMPLE_SUMMARIES; i++)
        print_samples(&statistics->samples[i], statistics->no_samples.text);
    if (document_store_documents(corpus_store(corpus, CORPUS_TRAIN)) > 0)
        print_histogram(statistics->length_bins);
}
