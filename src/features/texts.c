#include <math.h>

#include "lambert/base/memory.h"
#include "set.h"

struct texts {
    const struct text_examples *examples;
    bool valued;                   /* the examples have numbers */
    const struct feature_set *set; /* with the labels of all */
    struct encoding *encodings;    /* [examples->count] */
};

static void encode_text(void *context, struct encoder *encoder, int number)
{
    const struct texts *texts = context;
    const struct text_example *example = &texts->examples->at[number];
    struct encoding *encoding = &texts->encodings[number];
    const int all_a = encoder_put(encoder, example->text);
    const int all_b = example->pair ? encoder_put(encoder, example->pair) : 0;
    const int special = example->pair ? 3 : 2;
    int a = all_a, b = all_b;
    while (a + b > encoder->options->sequence_length - special)
        *(a > b ? &a : &b) -= 1;

    encoding_reserve(encoding, 1, (size_t)(a + b + special));
    int32_t *to = encoding->numbers;
    *to++ = encoder->special.cls;
    to = encoder_put_part(encoder, to, encoder_ids(encoder, 0), a);
    if (example->pair)
        encoder_put_part(encoder, to, encoder_ids(encoder, all_a), b);
    encoding->cut = a < all_a || b < all_b;
    encoding->features[0] = (struct feature){
        .tokens = a + b + special,
        .input_ids = encoding->numbers,
        .first_b = a + 2,
        .labels = texts->set->labels + (size_t)number * (size_t)texts->set->label_width,
        .value = texts->valued ? (float)example->value : NAN};
}

/* Fills row [width] with what is right of the example: its class, or a 1 for each label that it has. */
static int number_labels(const struct text_examples *examples, const struct text_example *example,
                         const struct label_set *labels, bool marks, int32_t *row,
                         struct error *err)
{
    for (int i = 0; marks && i < labels->count; i++)
        row[i] = 0;
    for (int i = 0; i < example->label_count; i++) {
        int32_t number;
        if (set_label(labels, example->labels[i], examples->path, example->line, &number, err) < 0)
            return -1;
        *(marks ? &row[number] : row) = marks ? 1 : number;
    }
    return 0;
}

static int make_labels(struct feature_set *set, const struct text_examples *examples,
                       const struct label_set *labels, bool marks, struct error *err)
{
    const size_t width = (size_t)set->label_width, count = (size_t)examples->count;
    set->labels = memory_new(count * width, sizeof *set->labels);
    for (size_t i = 0; i < count * width; i++)
        set->labels[i] = -1;
    for (size_t i = 0; i < count && width > 0 && examples->labelled; i++)
        if (number_labels(examples, &examples->at[i], labels, marks, set->labels + i * width, err) <
            0)
            return -1;
    return 0;
}

static int label_width(enum task_kind kind, const struct label_set *labels)
{
    require(task_is_of_texts(kind) && (labels || kind != TASK_MULTILABEL));
    return kind == TASK_REGRESSION ? 0 : kind == TASK_CLASSIFICATION ? 1 : labels->count;
}

int feature_set_of_texts(struct feature_set **features, const struct text_examples *examples,
                         const struct task_format *format, const struct label_set *labels,
                         const struct feature_options *options, struct feature_report *report,
                         struct error *err)
{
    struct feature_set *set = set_new(label_width(format->kind, labels));
    require(options->sequence_length > 3 &&
            (labels || set->label_width == 0 || !examples->labelled));
    require(examples->count == 0 || examples->at[0].text);
    *report = (struct feature_report){0};
    *features = NULL;
    if (make_labels(set, examples, labels, format->kind == TASK_MULTILABEL, err) < 0) {
        feature_set_free(set);
        return -1;
    }
    struct texts texts = {.examples = examples,
                          .valued = format->kind == TASK_REGRESSION && examples->labelled,
                          .set = set,
                          .encodings =
                              memory_new((size_t)examples->count, sizeof *texts.encodings)};
    encode_all(options, examples->count, encode_text, &texts);
    report->truncated = set_gather(set, texts.encodings, examples->count);
    *features = set;
    return 0;
}
