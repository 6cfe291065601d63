/* Where tokens of a new vocabulary come from in an old one. */
#include "lambert/text/token_origins.h"

#include <stdio.h>
#include <string.h>

#include "lib/unit.h"
#include "text_helpers.h"

/* An old model's vocabulary, with a few letters by themselves. */
static const char old_tokens[] = "[PAD] [UNK] [CLS] [SEP] [MASK] play ##ing ##er un ##a ##b a b c "
                                 "##play cafe \u4e2d ##\u6587 , ##want";

struct made {
    struct vocabulary *old_vocabulary, *new_vocabulary;
    struct token_origins origins;
};

static void make(struct made *made, const char *new_tokens, bool lower_case, bool means)
{
    struct tokenizer_options reading = tokenizer_defaults;
    reading.lower_case = lower_case;
    made->old_vocabulary = vocabulary_of(old_tokens);
    made->new_vocabulary = vocabulary_of(new_tokens);
    token_origins_init(&made->origins, made->new_vocabulary, made->old_vocabulary, &reading, means);
}

static void release(struct made *made)
{
    token_origins_release(&made->origins);
    vocabulary_free(made->old_vocabulary);
    vocabulary_free(made->new_vocabulary);
}

/* The origins of a token, with blanks between. */
static const char *origins_of(const struct made *made, const char *token)
{
    static char text[256];
    const int32_t id = vocabulary_find(made->new_vocabulary, token, strlen(token));
    assert_true(id >= 0);
    text[0] = '\0';
    for (size_t k = made->origins.starts[id]; k < made->origins.starts[id + 1]; k++)
        snprintf(text + strlen(text), sizeof text - strlen(text), "%s%s", text[0] ? " " : "",
                 vocabulary_token(made->old_vocabulary, made->origins.ids[k]));
    return text;
}

static void tokens_of_both_keep_their_rows(void **state)
{
    (void)state;
    struct made made;
    make(&made, "##er play [MASK] new a [PAD] [UNK] [CLS] [SEP]", true, false);
    assert_string_equal(origins_of(&made, "play"), "play");
    assert_string_equal(origins_of(&made, "##er"), "##er");
    assert_string_equal(origins_of(&made, "[MASK]"), "[MASK]");
    assert_string_equal(origins_of(&made, "a"), "a");
    assert_string_equal(origins_of(&made, "new"), "");
    assert_int_equal(made.origins.size, 9);
    assert_int_equal(made.origins.kept, 8);
    assert_int_equal(made.origins.means, 0);
    assert_int_equal(made.origins.without, 1);
    release(&made);
}

static void others_come_from_their_pieces(void **state)
{
    (void)state;
    struct made made;
    static const struct {
        const char *token, *origins;
    } expected[] = {
        {"playing", "play ##ing"},
        {"unplayer", "un ##play ##er"},
        {"##playing", "##play ##ing"}, /* the rest of a word: not "play" */
        {"##cab", "c ##a ##b"},        /* no "##c": as a word */
        {"want", "##want"},            /* only as the rest of one */
        {"Playing", "play ##ing"},     /* read as the old model reads */
        {"caf\u00e9", "cafe"},
        {"\u4e2d\u6587", "\u4e2d ##\u6587"}, /* two words, of which the second is known as a rest */
        {"a,b", "a , b"},
        {"xyz", ""},    /* unknown letters */
        {"playx", ""},  /* one is enough */
        {"\u200b", ""}, /* no text */
        {"##", ""},
    };
    struct buffer tokens = {0};
    buffer_print(&tokens, "[PAD] [UNK] [CLS] [SEP] [MASK]");
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        buffer_print(&tokens, " %s", expected[i].token);
    make(&made, buffer_text(&tokens), true, true);
    for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
        if (strcmp(origins_of(&made, expected[i].token), expected[i].origins) != 0)
            fail_msg("%s comes from '%s'", expected[i].token, origins_of(&made, expected[i].token));
    assert_int_equal(made.origins.kept, 5);
    assert_int_equal(made.origins.means, 9);
    assert_int_equal(made.origins.without, 4);
    release(&made);
    buffer_release(&tokens);
}

static void a_cased_model_reads_capitals(void **state)
{
    (void)state;
    struct made made;
    make(&made, "Playing playing", false, true);
    assert_string_equal(origins_of(&made, "Playing"), ""); /* no P */
    assert_string_equal(origins_of(&made, "playing"), "play ##ing");
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tokens_of_both_keep_their_rows),
        cmocka_unit_test(others_come_from_their_pieces),
        cmocka_unit_test(a_cased_model_reads_capitals),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
