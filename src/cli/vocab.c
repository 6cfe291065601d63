#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "lambert.h"
#include "lambert/base/file.h"
#include "lambert/base/log.h"
#include "lambert/text/input_look.h"
#include "lambert/text/vocabulary.h"
#include "lambert/text/vocabulary_trainer.h"
#include "text_option_rows.h"
#include "tokenizer_rows.h"

/* Of all ranks at a time, on their way to rank 0. */
enum { GATHERED_BYTES = 64 << 20 };

struct vocab_arguments {
    struct vocabulary_trainer_options trainer;
    const char *output;
    struct command_words inputs;
};

static const struct command_option vocab_options[] = {
    {.name = "output",
     .kind = OPTION_TEXT,
     OPTION_PLACE(struct vocab_arguments, output),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES,
     .writes = true,
     .help = "where to write"},
    {.name = "size",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct vocab_arguments, trainer.size),
     .min = 6,
     .max = 10000000,
     .metavar = "N",
     .help = "entries, special tokens included"},
    OPTION_NORMALIZER(struct vocab_arguments, trainer.tokenizer),
    OPTION_TEXT_ROWS(struct vocab_arguments, trainer.text),
    {.name = "alphabet",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct vocab_arguments, trainer.alphabet_limit),
     .min = 1,
     .max = 1000000,
     .metavar = "N",
     .help = "keep the N most frequent characters, and more where entries are left"},
    {.name = "min-frequency",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct vocab_arguments, trainer.min_frequency),
     .min = 1,
     .max = INT64_MAX,
     .metavar = "N",
     .help = "join pieces that meet at least N times"},
    {.name = "memory",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct vocab_arguments, trainer.memory_bytes),
     .min = 1,
     .max = 1 << 24,
     .unit = 1 << 20,
     .metavar = "MB",
     .help = "of a rank, for words: the rarest are left out where they do not fit"},
    {.kind = OPTION_WORDS,
     OPTION_PLACE(struct vocab_arguments, inputs),
     .required = true,
     .metavar = "INPUT",
     .completion = COMPLETE_FILES},
    {0}};

static void init_vocab(void *context)
{
    struct vocab_arguments *arguments = context;
    arguments->trainer = vocabulary_trainer_defaults;
}

static void print_report(const struct vocab_arguments *arguments,
                         const struct vocabulary_trainer *trainer)
{
    struct vocabulary_trainer_counts counts = vocabulary_trainer_counts(trainer);
    if (counts.invalid_bytes > 0)
        log_warning("%" PRIu64 " bytes of the input are not valid UTF-8 and were left out",
                    counts.invalid_bytes);
    if (counts.least > 1)
        log_info("of each 16 MB of text, words that occur less than %" PRIu64
                 " times in them were not counted",
                 counts.least);
    if (100 * counts.accents > counts.text_characters)
        log_warning("%.1f%% of the characters lost their accents; --accents keep keeps them",
                    100 * (double)counts.accents / (double)counts.text_characters);
    if (counts.entries < arguments->trainer.size)
        log_warning("the text gave only %d of %d entries: no more pieces meet %" PRId64
                    " times (--min-frequency)",
                    counts.entries, arguments->trainer.size, arguments->trainer.min_frequency);
    if (counts.alphabet_share < VOCABULARY_WELL_COVERED)
        log_warning("the alphabet of %" PRIu32
                    " characters leaves out %.2f%% of the text's: words with "
                    "them are [UNK]; --alphabet %" PRIu32
                    " would cover 99.9%% (with --size %" PRIu32 " or more)",
                    counts.alphabet, 100 * (1 - counts.alphabet_share), counts.wanted_alphabet,
                    counts.wanted_size);
    printf("%s: alphabet of %" PRIu32 " of %" PRIu32 " characters, %.2f%% of the text's\n",
           arguments->output, counts.alphabet, counts.characters, 100 * counts.alphabet_share);
    printf("%s: %d entries from %" PRIu64 " words, %" PRIu64 " of them distinct\n",
           arguments->output, counts.entries, counts.words, counts.distinct_words);
}

/* A vocabulary that is there already is replaced, and so is a file without a byte; anything else, which may be
 * a text, is not. */
static int check_replaced(const char *path, struct error *err)
{
    enum { LONGEST = 1 << 28 }; /* bytes: ten million entries have fewer */
    struct stat status;
    struct vocabulary *there = NULL;
    struct error why;
    if (stat(path, &status) < 0 || (S_ISREG(status.st_mode) && status.st_size == 0))
        return 0;
    const bool replaceable = S_ISREG(status.st_mode) && status.st_size <= LONGEST &&
                             vocabulary_load(&there, path, &why) == 0;
    vocabulary_free(there);
    return replaceable
               ? 0
               : error_set(err,
                           "%s is there already, and is no vocabulary that could be replaced; name "
                           "another file, or remove it",
                           path);
}

/* The inputs, looked into. */
static int open_inputs(struct input_list *inputs, const struct vocab_arguments *arguments,
                       const struct dist *dist, struct error *err)
{
    const struct input_use uses[] = {{arguments->output, "where the result is to go"}, {0}};
    struct buffer sentence = {0};
    if (check_replaced(arguments->output, err) < 0 ||
        input_list_open(inputs, arguments->inputs.at, arguments->inputs.count, uses, err) < 0)
        return -1;
    if (input_list_check_ranks(inputs, dist_size(dist), err) < 0 ||
        input_look(inputs, &arguments->trainer.text, err) < 0)
        return -1;
    input_look_print(inputs, &sentence);
    if (dist_rank(dist) == 0)
        log_info("made of %s", buffer_text(&sentence));
    buffer_release(&sentence);
    return 0;
}

/* Rank 0 gets what the others have counted, portion by portion. */
static int gather_words(struct dist *dist, struct vocabulary_trainer *trainer, struct error *err)
{
    const size_t portion = GATHERED_BYTES / (size_t)dist_size(dist) + 1;
    struct vocabulary_trainer_place place = {0};
    struct buffer mine = {0}, all = {0};
    bool more = dist_rank(dist) != 0;
    int status = 0;
    while (dist_any(dist, more)) {
        buffer_reset(&mine);
        buffer_reset(&all);
        if (more)
            more = vocabulary_trainer_save(trainer, &place, portion, &mine);
        dist_gather(dist, mine.data, mine.size, &all);
        if (status == 0)
            status = vocabulary_trainer_load(trainer, all.data, all.size, err);
    }
    buffer_release(&mine);
    buffer_release(&all);
    return dist_agree(dist, status, err);
}

/* Every rank counts its share of the words, rank 0 gets them all and learns from them. */
static int learn_vocabulary(struct dist *dist, const void *context, struct error *err)
{
    const struct vocab_arguments *arguments = context;
    const bool is_first = dist_rank(dist) == 0;
    struct vocabulary_trainer *trainer = vocabulary_trainer_new(&arguments->trainer);
    struct input_list inputs = {0};
    struct buffer text = {0};
    int status = dist_agree(dist, open_inputs(&inputs, arguments, dist, err), err);
    if (status < 0)
        goto done;
    status = vocabulary_trainer_read(trainer, &inputs, dist_rank(dist), dist_size(dist), err);
    status = dist_agree(dist, status, err);
    if (status < 0 || (status = gather_words(dist, trainer, err)) < 0)
        goto done;
    struct left_out_places left_out;
    vocabulary_trainer_left_out(trainer, &left_out);
    if (is_first)
        left_out_places_warn(&left_out, &inputs, &arguments->trainer.text);
    const uint64_t invalid = vocabulary_trainer_counts(trainer).invalid_bytes;
    if (is_first && (left_out_places_check(&left_out, &inputs, &arguments->trainer.text, err) < 0 ||
                     input_look_again(&inputs, VOCABULARY_CHUNK_BYTES, invalid, err) < 0 ||
                     vocabulary_trainer_learn(trainer, &text, err) < 0 ||
                     file_write(arguments->output, text.data, text.size, err) < 0))
        status = -1;
    status = dist_agree(dist, status, err);
    if (is_first && status == 0)
        print_report(arguments, trainer);
done:
    buffer_release(&text);
    input_list_close(&inputs);
    vocabulary_trainer_free(trainer);
    return status;
}

const struct command command_vocab = {
    .name = "vocab",
    .summary = "learn a WordPiece vocabulary from text",
    .description =
        "Learns a WordPiece vocabulary from text and writes it as BERT's vocab.txt. INPUT is as for "
        "lambert prep: text files, plain or compressed, folders of them, patterns, or - for standard "
        "input. A file that is there already is replaced if it is a vocabulary.\n"
        "\n"
        "All cores are used, and under mpirun all ranks; the same text gives the same vocabulary, "
        "whatever their number.\n"
        "\n"
        "Memory of a rank: --memory for words, and 30 MB a thread (at worst 120, for text of nothing but "
        "different words). Words are counted chunk by chunk, each 16 MB of text; of more than 64 chunks, words "
        "that occur once in a chunk are not counted in it; a large compressed file, JSON in an array and a "
        "stream are one chunk for that number, however long. Where the words do not fit (about 12 million in 1 GB), "
        "those that occur less than 4, 8, 16 times in a chunk are not, and a line says so. Then the most frequent "
        "4 million are learnt from, or as many as fit: 64 bytes a character.\n",
    .examples = "lambert vocab --size 8000 --output vocab.txt texts/\n",
    .options = vocab_options,
    COMMAND_ARGUMENTS(struct vocab_arguments, .output = NULL),
    .init = init_vocab,
    .run_on_ranks = learn_vocabulary,
    .tells_threads = true};
