#include "features/fixture.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lib/unit.h"

struct vocabulary *vocabulary_of(const char *pieces)
{
    struct vocabulary *vocabulary;
    struct buffer text = {0};
    struct error err;
    buffer_print(&text, "[PAD] [UNK] [CLS] [SEP] [MASK] %s", pieces);
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] == ' ')
            text.data[i] = '\n';
    assert_int_equal(vocabulary_parse(&vocabulary, "made", text.data, text.size, &err), 0);
    buffer_release(&text);
    return vocabulary;
}

const char *pieces_of(const struct vocabulary *vocabulary, const struct feature *feature)
{
    static char text[4096];
    size_t used = 0;
    text[0] = '\0';
    for (int r = 0; r < feature->tokens; r++)
        used += (size_t)snprintf(text + used, sizeof text - used, "%s%s", r > 0 ? " " : "",
                                 vocabulary_token(vocabulary, feature->input_ids[r]));
    assert_true(used < sizeof text);
    return text;
}

void questions_begin(struct made_questions *made)
{
    memset(made, 0, sizeof *made);
    made->set =
        (struct question_set){.contexts = made->contexts, .at = made->at, .path = "made.json"};
}

void questions_context(struct made_questions *made, const char *context)
{
    assert_true(made->set.paragraphs < 8);
    made->contexts[made->set.paragraphs++] = context;
}

void questions_add(struct made_questions *made, const char *text, const char *answer, size_t start)
{
    static char ids[256][8];
    const int n = made->set.count++, paragraph = made->set.paragraphs - 1;
    assert_true(n < 256 && paragraph >= 0);
    snprintf(ids[n], sizeof ids[n], "q%d", n);
    made->at[n] = (struct question){
        .id = ids[n], .text = text, .paragraph = paragraph, .impossible = answer == NULL};
    made->set.has_impossible = made->set.has_impossible || !answer;
    if (!answer)
        return;
    const char *context = made->contexts[paragraph];
    made->answers[n] = (struct answer){
        .text = answer,
        .start = start,
        .there = start <= strlen(context) && strncmp(context + start, answer, strlen(answer)) == 0};
    made->at[n].answers = &made->answers[n];
    made->at[n].answer_count = 1;
}

void questions_ask(struct made_questions *made, const char *text, const char *answer)
{
    const char *context = made->contexts[made->set.paragraphs - 1];
    const char *place = answer ? strstr(context, answer) : context;
    assert_non_null(place);
    questions_add(made, text, answer, (size_t)(place - context));
}
