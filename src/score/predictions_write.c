#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/examples/table.h"
#include "lambert/score/predictions.h"

/* --- parts of lines --------------------------------------------------------------------------- */

/* With the digits that make the same number again; JSON knows nothing but numbers. */
static void put_real(struct buffer *out, double value, int digits)
{
    if (isfinite(value))
        buffer_print(out, "%.*g", digits, value);
    else
        buffer_print(out, "null");
}

static void put_json_text(struct buffer *out, const char *text)
{
    char *printed = json_print(cJSON_CreateStringReference(text));
    buffer_put(out, printed, strlen(printed));
    free(printed);
}

/* What would be read as another cell is refused. */
static int put_cell(struct buffer *out, const char *text, const char *not_in_it, const char *path,
                    struct error *err)
{
    if (text[strcspn(text, not_in_it)] != '\0')
        return error_set(err,
                         "%s: '%s' has a %s in it, which would part it in two columns; JSON lines "
                         "can hold it (a path that ends in .jsonl)",
                         path, text, strchr(not_in_it, ' ') ? "blank" : "tab or line end");
    buffer_print(out, "%s", text);
    return 0;
}

enum { REAL_DIGITS = 17, FLOAT_DIGITS = 9 };

static const char tsv_ends[] = "\t\r\n", word_ends[] = " \t\r\n";

static const char *label_of(const struct predictions *p, int label)
{
    return p->labels->names[label];
}

static bool is_marked(const struct predictions *p, int example, int label)
{
    return p->marks[(size_t)example * (size_t)p->labels->count + (size_t)label] != 0;
}

static double probability_of(const struct predictions *p, int example, int label)
{
    return p->probabilities[(size_t)example * (size_t)p->labels->count + (size_t)label];
}

/* --- TSV -------------------------------------------------------------------------------------- */

static int put_tsv_head(const struct predictions *p, const char *path, struct buffer *out,
                        struct error *err)
{
    buffer_print(out, "id\tprediction");
    for (int l = 0; p->probabilities && l < p->labels->count; l++) {
        buffer_put_u8(out, '\t');
        if (put_cell(out, label_of(p, l), tsv_ends, path, err) < 0)
            return -1;
    }
    buffer_put_u8(out, '\n');
    return 0;
}

/* A label with the separator in it would be read as two. */
static int put_marked(const struct predictions *p, int example, const char *path,
                      struct buffer *out, struct error *err)
{
    const char *separator = p->separator && *p->separator ? p->separator : ",";
    bool first = true;
    for (int l = 0; l < p->labels->count; l++) {
        if (!is_marked(p, example, l))
            continue;
        if (strstr(label_of(p, l), separator))
            return error_set(err,
                             "%s: the label '%s' has the separator, '%s', in it; choose another, "
                             "or JSON lines (a path that ends in .jsonl)",
                             path, label_of(p, l), separator);
        buffer_print(out, "%s", first ? "" : separator);
        if (put_cell(out, label_of(p, l), tsv_ends, path, err) < 0)
            return -1;
        first = false;
    }
    return 0;
}

static int put_tsv_row(const struct predictions *p, int example, const char *path,
                       struct buffer *out, struct error *err)
{
    int status = 0;
    if (put_cell(out, p->ids[example], tsv_ends, path, err) < 0)
        return -1;
    buffer_put_u8(out, '\t');
    if (p->kind == TASK_REGRESSION)
        put_real(out, p->values[example], REAL_DIGITS);
    else if (p->kind == TASK_MULTILABEL)
        status = put_marked(p, example, path, out, err);
    else
        status = put_cell(out, label_of(p, p->classes[example]), tsv_ends, path, err);
    for (int l = 0; p->probabilities && l < p->labels->count; l++) {
        buffer_put_u8(out, '\t');
        put_real(out, probability_of(p, example, l), FLOAT_DIGITS);
    }
    buffer_put_u8(out, '\n');
    return status;
}

static int put_tsv(const struct predictions *p, const char *path, struct buffer *out,
                   struct error *err)
{
    if (put_tsv_head(p, path, out, err) < 0)
        return -1;
    for (int i = 0; i < p->count; i++)
        if (put_tsv_row(p, i, path, out, err) < 0)
            return -1;
    return 0;
}

static int put_columns(const struct predictions *p, const char *path, struct buffer *out,
                       struct error *err)
{
    const int32_t *class = p->classes;
    for (int s = 0; s < p->sentences->count; s++) {
        const struct tagged_sentence *sentence = &p->sentences->at[s];
        for (int w = 0; w < sentence->count; w++) {
            if (put_cell(out, sentence->words[w].word, word_ends, path, err) < 0)
                return -1;
            buffer_put_u8(out, '\t');
            if (put_cell(out, label_of(p, *class ++), word_ends, path, err) < 0)
                return -1;
            buffer_put_u8(out, '\n');
        }
        buffer_put_u8(out, '\n');
    }
    return 0;
}

/* --- JSON lines ------------------------------------------------------------------------------- */

static void put_json_marked(const struct predictions *p, int example, struct buffer *out)
{
    bool first = true;
    buffer_put_u8(out, '[');
    for (int l = 0; l < p->labels->count; l++) {
        if (!is_marked(p, example, l))
            continue;
        buffer_print(out, "%s", first ? "" : ", ");
        put_json_text(out, label_of(p, l));
        first = false;
    }
    buffer_put_u8(out, ']');
}

static void put_json_probabilities(const struct predictions *p, int example, struct buffer *out)
{
    buffer_print(out, ", \"probabilities\": {");
    for (int l = 0; l < p->labels->count; l++) {
        buffer_print(out, "%s", l > 0 ? ", " : "");
        put_json_text(out, label_of(p, l));
        buffer_print(out, ": ");
        put_real(out, probability_of(p, example, l), FLOAT_DIGITS);
    }
    buffer_put_u8(out, '}');
}

static void put_json_lines(const struct predictions *p, struct buffer *out)
{
    for (int i = 0; i < p->count; i++) {
        buffer_print(out, "{\"id\": ");
        put_json_text(out, p->ids[i]);
        buffer_print(out, ", \"prediction\": ");
        if (p->kind == TASK_REGRESSION)
            put_real(out, p->values[i], REAL_DIGITS);
        else if (p->kind == TASK_MULTILABEL)
            put_json_marked(p, i, out);
        else
            put_json_text(out, label_of(p, p->classes[i]));
        if (p->probabilities)
            put_json_probabilities(p, i, out);
        buffer_print(out, "}\n");
    }
}

static void put_json_sentences(const struct predictions *p, struct buffer *out)
{
    const int32_t *class = p->classes;
    for (int s = 0; s < p->sentences->count; s++) {
        const struct tagged_sentence *sentence = &p->sentences->at[s];
        buffer_print(out, "{\"words\": [");
        for (int w = 0; w < sentence->count; w++) {
            buffer_print(out, "%s", w > 0 ? ", " : "");
            put_json_text(out, sentence->words[w].word);
        }
        buffer_print(out, "], \"tags\": [");
        for (int w = 0; w < sentence->count; w++) {
            buffer_print(out, "%s", w > 0 ? ", " : "");
            put_json_text(out, label_of(p, *class ++));
        }
        buffer_print(out, "]}\n");
    }
}

/* --- questions -------------------------------------------------------------------------------- */

static void put_n_best(const struct question_answers *answers, struct buffer *out)
{
    buffer_put_u8(out, '[');
    for (int a = 0; a < answers->count; a++) {
        const struct spoken_answer *answer = &answers->at[a];
        buffer_print(out, "%s\n        {\n            \"text\": ", a > 0 ? "," : "");
        put_json_text(out, answer->text);
        buffer_print(out, ",\n            \"probability\": ");
        put_real(out, answer->probability, REAL_DIGITS);
        buffer_print(out, ",\n            \"start_logit\": ");
        put_real(out, answer->start_logit, REAL_DIGITS);
        buffer_print(out, ",\n            \"end_logit\": ");
        put_real(out, answer->end_logit, REAL_DIGITS);
        buffer_print(out, "\n        }");
    }
    buffer_print(out, "\n    ]");
}

static void put_chosen(const struct question_answers *answers, struct buffer *out)
{
    put_json_text(out, answers->chosen);
}

static void put_null_difference(const struct question_answers *answers, struct buffer *out)
{
    put_real(out, answers->null_difference, REAL_DIGITS);
}

/* One object with a member a question, indented as run_squad.py leaves it. */
static void put_questions(const struct predictions *p,
                          void (*put)(const struct question_answers *, struct buffer *),
                          struct buffer *out)
{
    buffer_put_u8(out, '{');
    for (int q = 0; q < p->count; q++) {
        buffer_print(out, "%s\n    ", q > 0 ? "," : "");
        put_json_text(out, p->ids[q]);
        buffer_print(out, ": ");
        put(&p->answers[q], out);
    }
    buffer_print(out, "\n}\n");
}

static int write_questions(const struct predictions *p,
                           void (*put)(const struct question_answers *, struct buffer *),
                           const char *path, struct error *err)
{
    struct buffer out = {0};
    require(p->kind == TASK_QUESTIONS);
    put_questions(p, put, &out);
    const int status = file_write(path, out.data, out.size, err);
    buffer_release(&out);
    return status;
}

int predictions_write_n_best(const struct predictions *predictions, const char *path,
                             struct error *err)
{
    return write_questions(predictions, put_n_best, path, err);
}

int predictions_write_null_differences(const struct predictions *predictions, const char *path,
                                       struct error *err)
{
    return write_questions(predictions, put_null_difference, path, err);
}

/* ---------------------------------------------------------------------------------------------- */

int predictions_write(const struct predictions *predictions, const char *path, enum table_form form,
                      struct error *err)
{
    const bool tagging = predictions->kind == TASK_TAGGING;
    struct buffer out = {0};
    int status = 0;
    if (predictions->kind == TASK_QUESTIONS)
        return write_questions(predictions, put_chosen, path, err);
    if (form == TABLE_BY_NAME)
        form = table_form_of(path);
    if (form == TABLE_CSV)
        return error_set(err, "%s: predictions are written as TSV or as JSON lines, not as CSV",
                         path);
    if (form == TABLE_JSON)
        (tagging ? put_json_sentences : put_json_lines)(predictions, &out);
    else
        status = (tagging ? put_columns : put_tsv)(predictions, path, &out, err);
    if (status == 0)
        status = file_write(path, out.data, out.size, err);
    buffer_release(&out);
    return status;
}
