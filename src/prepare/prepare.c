#include "lambert/prepare/prepare.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "input_contents.h"
#include "lambert/base/clock.h"
#include "lambert/base/log.h"
#include "lambert/base/memory.h"
#include "lambert/text/input_look.h"
#include "lambert/text/vocabulary_case.h"
#include "preparation.h"

/* Level 1 packs ids of English 2% worse than level 6, in a third of the time. */
const struct prepare_options prepare_defaults = {.tokenizer = TOKENIZER_DEFAULTS,
                                                 .split_sentences = true,
                                                 .heldout_fraction = 0.01,
                                                 .shard_bytes = UINT64_C(16) << 20,
                                                 .compression = 1,
                                                 .exclude_words = 13};

/* Either mistake makes a corpus that looks whole: words in too many pieces, or unknown. */
static void warn_of_case(const struct prepare_options *options, const struct vocabulary *vocabulary)
{
    const struct vocabulary_case seen = vocabulary_case_of(vocabulary);
    const bool capitals = vocabulary_case_tells(&seen, seen.capitals);
    const bool small = vocabulary_case_tells(&seen, seen.small);
    if (capitals && options->tokenizer.lower_case)
        log_warning("%s has capitals, but the text is lower-cased: --cased keeps case and accents",
                    options->vocabulary);
    else if (!capitals && small && !options->tokenizer.lower_case)
        log_warning("%s has no capitals, but the text keeps its own: without --cased it is "
                    "lower-cased",
                    options->vocabulary);
}

static void warn_of_barren(const struct exclusion *exclusion)
{
    const int count = exclusion->barren_files;
    struct buffer names = {0};
    for (int i = 0; i < count && i < EXCLUSION_BARREN_NAMED; i++)
        buffer_print(&names, "%s%s", i > 0 ? ", " : "",
                     exclusion->files.files[exclusion->barren[i]].path);
    log_warning(
        "%d of the %d files to exclude have no run of %d words, so that they exclude nothing: %s%s",
        count, exclusion->files.count, exclusion->words, buffer_text(&names),
        count > EXCLUSION_BARREN_NAMED ? " and others" : "");
    buffer_release(&names);
}

static int open_exclusion(struct preparation *p, struct error *err)
{
    struct exclusion *exclusion = &p->exclusion;
    if (exclusion_open(exclusion, p->options.exclude, p->options.exclude_words,
                       p->options.text.encoding, p->ranks, err) < 0)
        return -1;
    if (p->rank == 0 && exclusion->barren_files > 0)
        warn_of_barren(exclusion);
    if (p->rank == 0)
        log_info("excluding what shares one of %" PRIu64 " runs of %d words with %s: %" PRIu64
                 " texts in %d files, of which %" PRIu64
                 " are shorter and exclude nothing; %.1f MB of memory",
                 exclusion->ngrams, exclusion->words, p->options.exclude, exclusion->texts,
                 exclusion->files.count, exclusion->short_texts,
                 (double)exclusion_memory(exclusion) / 1e6);
    return 0;
}

/* What is written, the vocabulary and the test sets are no text to learn from, wherever they lie. */
static int open_inputs(struct preparation *p, struct error *err)
{
    const struct prepare_options *options = &p->options;
    const struct input_list *excluded = &p->exclusion.files;
    struct input_use *uses = memory_new((size_t)excluded->count + 3, sizeof *uses);
    uses[0] = (struct input_use){options->output, "where the result is to go"};
    uses[1] = (struct input_use){options->vocabulary, "the vocabulary"};
    for (int i = 0; i < excluded->count; i++)
        uses[2 + i] = (struct input_use){excluded->files[i].path, "what is to be excluded"};
    const int status =
        input_list_open(&p->inputs, options->inputs, options->input_count, uses, err);
    free(uses);
    return status;
}

static void say_input(const struct input_list *inputs, enum shard_contents contents)
{
    struct buffer sentence = {0};
    if (contents == SHARD_DOCUMENTS_OF_TEXT) {
        input_look_print(inputs, &sentence);
    } else {
        buffer_print(&sentence, "%d TFRecord file%s", inputs->count, inputs->count == 1 ? "" : "s");
        input_list_print_passed_over(inputs, &sentence);
    }
    log_info("made of %s", buffer_text(&sentence));
    buffer_release(&sentence);
}

/* Whatever can be found wrong with the request is, before the output folder is touched. */
int prepare_open(struct preparation **preparation, const struct prepare_options *options, int rank,
                 int ranks, struct error *err)
{
    require(options->shard_bytes >= 4096 && rank >= 0 && rank < ranks);
    enum shard_contents contents;
    struct preparation *p = memory_new(1, sizeof *p);
    *p = (struct preparation){
        .options = *options, .rank = rank, .ranks = ranks, .started = clock_seconds()};
    *preparation = NULL;
    if ((options->exclude && open_exclusion(p, err) < 0) || open_inputs(p, err) < 0 ||
        input_contents_find(&p->inputs, &contents, err) < 0 ||
        vocabulary_load(&p->vocabulary, options->vocabulary, err) < 0 ||
        input_list_check_ranks(&p->inputs, ranks, err) < 0)
        goto fail;
    if (contents == SHARD_READY_SAMPLES &&
        (options->drop_duplicates || options->exclude || options->segmented)) {
        error_set(err, "%s is for text: TFRecords hold samples, which are trained on as they are",
                  options->exclude     ? "--exclude"
                  : options->segmented ? "--segmented"
                                       : "--drop-duplicates");
        goto fail;
    }
    if (contents == SHARD_DOCUMENTS_OF_TEXT && input_look(&p->inputs, &p->options.text, err) < 0)
        goto fail;
    if (rank == 0) {
        warn_of_case(options, p->vocabulary);
        say_input(&p->inputs, contents);
    }
    preparation_plan(p, contents);
    *preparation = p;
    return 0;
fail:
    prepare_close(p);
    return -1;
}

void prepare_close(struct preparation *p)
{
    if (!p)
        return;
    corpus_folder_release(&p->folder);
    free(p->work);
    duplicate_list_release(&p->duplicates);
    exclusion_close(&p->exclusion);
    input_feed_free(p->feed);
    vocabulary_free(p->vocabulary);
    input_list_close(&p->inputs);
    free(p);
}

int prepare_begin(struct preparation *p, struct error *err)
{
    return corpus_folder_begin(&p->folder, p->options.output, p->options.overwrite,
                               !p->options.no_lock, p->vocabulary, p->plan.hash, err);
}

bool prepare_is_done(const struct preparation *p)
{
    return p->folder.is_done;
}

void prepare_leave(struct preparation *p)
{
    corpus_folder_leave(&p->folder);
}

int prepare_corpus(const struct prepare_options *options, struct corpus_report *report,
                   struct error *err)
{
    struct preparation *p;
    int status = -1;
    if (prepare_open(&p, options, 0, 1, err) < 0)
        return -1;
    if (prepare_begin(p, err) < 0)
        goto done;
    if (!prepare_is_done(p)) {
        if (prepare_chunks(p, err) < 0) {
            prepare_leave(p);
            goto done;
        }
        if (prepare_find_duplicates(p, err) < 0 || prepare_drop_duplicates(p, err) < 0)
            goto done;
    }
    status = prepare_finish(p, report, err);
done:
    prepare_close(p);
    return status;
}
