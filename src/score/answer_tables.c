#include "lambert/score/answer_tables.h"

#include <string.h>
#include <strings.h>

#define LENGTH_OF(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* --- words ------------------------------------------------------------------------------------ */

static bool is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* The next run of letters at or behind *text, which moves behind it; its size, 0: there is none. */
static size_t next_word(const char **text, const char **word)
{
    const char *at = *text;
    while (*at != '\0' && !is_letter(*at))
        at++;
    *word = at;
    while (is_letter(*at))
        at++;
    *text = at;
    return (size_t)(at - *word);
}

static bool is_word(const char *word, size_t size, const char *which)
{
    return strlen(which) == size && strncasecmp(word, which, size) == 0;
}

enum { WHAT, WHO, WHEN, WHERE, WHICH, WHY, HOW_MANY, HOW, OTHER };

static const char *const question_words[] = {
    [WHAT] = "what", [WHO] = "who",           [WHEN] = "when", [WHERE] = "where", [WHICH] = "which",
    [WHY] = "why",   [HOW_MANY] = "how many", [HOW] = "how",   [OTHER] = "other"};

static int question_word(const struct question *question)
{
    const char *text = question->text, *word;
    size_t size;
    while ((size = next_word(&text, &word)) > 0) {
        if (is_word(word, size, "whom") || is_word(word, size, "whose"))
            return WHO;
        if (is_word(word, size, "how")) {
            size = next_word(&text, &word);
            return is_word(word, size, "many") || is_word(word, size, "much") ? HOW_MANY : HOW;
        }
        for (int row = WHAT; row <= WHY; row++)
            if (is_word(word, size, question_words[row]))
                return row;
    }
    return OTHER;
}

/* --- lengths ---------------------------------------------------------------------------------- */

/* The last row has all that are longer; the one before the first, questions without an answer. */
static const struct {
    const char *name;
    int longest; /* words */
} lengths[] = {{"no answer", 0}, {"1 word", 1}, {"2 words", 2}, {"3 words", 3},
               {"4 words", 4},   {"5 to 6", 6}, {"7 to 9", 9},  {"10 or more", 0}};

static int count_words(const char *text)
{
    int words = 0;
    bool inside = false;
    for (; *text != '\0'; text++) {
        const bool blank = strchr(" \t\r\n", *text) != NULL;
        words += !blank && !inside;
        inside = !blank;
    }
    return words;
}

static int answer_length(const struct question *question)
{
    if (question->answer_count == 0)
        return 0;
    const int words = count_words(question->answers[0].text);
    int row = 1;
    while (row < LENGTH_OF(lengths) - 1 && words > lengths[row].longest)
        row++;
    return row;
}

/* --- tables ----------------------------------------------------------------------------------- */

static void fill(struct answer_table *table, const struct question_set *questions,
                 const struct scoring *scoring, int (*row_of)(const struct question *))
{
    for (int q = 0; q < questions->count; q++) {
        struct answer_table_row *row = &table->rows[row_of(&questions->at[q])];
        double f1, exact;
        scoring_answer(scoring, q, &f1, &exact);
        row->questions++;
        row->f1 += 100 * f1;
        row->exact_match += 100 * exact;
    }
    for (int r = 0; r < table->count; r++) {
        struct answer_table_row *row = &table->rows[r];
        if (row->questions > 0) {
            row->f1 /= row->questions;
            row->exact_match /= row->questions;
        }
    }
}

void answer_table_by_question_word(struct answer_table *table, const struct question_set *questions,
                                   const struct scoring *scoring)
{
    *table = (struct answer_table){.count = LENGTH_OF(question_words)};
    for (int r = 0; r < table->count; r++)
        table->rows[r].name = question_words[r];
    fill(table, questions, scoring, question_word);
}

void answer_table_by_length(struct answer_table *table, const struct question_set *questions,
                            const struct scoring *scoring)
{
    *table = (struct answer_table){.count = LENGTH_OF(lengths)};
    for (int r = 0; r < table->count; r++)
        table->rows[r].name = lengths[r].name;
    fill(table, questions, scoring, answer_length);
}
