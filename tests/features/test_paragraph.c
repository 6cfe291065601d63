#include "lib/unit.h"

#include <string.h>

#include "features/fixture.h"
#include "features/paragraph.h"

struct made {
    struct vocabulary *vocabulary;
    struct feature_options options;
    struct paragraph paragraph;
    const char *context;
};

static void encode(void *context, struct encoder *encoder, int number)
{
    struct made *made = context;
    (void)number;
    paragraph_init(&made->paragraph, made->context, encoder);
}

static void make(struct made *made, const char *context)
{
    made->vocabulary = vocabulary_of("un ##want ##ed , runn ##ing a b");
    made->options =
        (struct feature_options){.vocabulary = made->vocabulary, .tokenizer = TOKENIZER_DEFAULTS};
    made->context = context;
    encode_all(&made->options, 1, encode, made);
}

static void release(struct made *made)
{
    paragraph_release(&made->paragraph);
    vocabulary_free(made->vocabulary);
}

static void assert_words(const struct made *made, const char *words)
{
    struct buffer text = {0};
    paragraph_put_words(&made->paragraph, made->context, 0, made->paragraph.word_count - 1, &text);
    assert_string_equal(buffer_text(&text), words);
    buffer_release(&text);
}

static void words_end_at_five_characters(void **state)
{
    (void)state;
    struct made made;
    make(&made, "a\tb\rc\nd\xE2\x80\xAF"
                "e  f \n g");
    assert_words(&made, "a b c d e f g");
    assert_int_equal(made.paragraph.word_count, 7);
    release(&made);
    make(&made, " \n");
    assert_int_equal(made.paragraph.word_count, 0);
    assert_int_equal(paragraph_pieces(&made.paragraph), 0);
    release(&made);
}

/* A no-break space, a vertical tab and an ideographic space do not end words. */
static void other_white_space_does_not(void **state)
{
    (void)state;
    struct made made;
    make(&made, "a\xC2\xA0"
                "b\vc\xE3\x80\x80"
                "d");
    assert_int_equal(made.paragraph.word_count, 1);
    assert_int_equal(paragraph_pieces(&made.paragraph), 3); /* to the tokenizer they do: a, bc, d */
    release(&made);
}

static void places_have_words(void **state)
{
    (void)state;
    static const char context[] = " ab  c";
    static const int wanted[] = {-1, 0, 0, 0, 0, 1};
    struct made made;
    make(&made, context);
    for (size_t i = 0; i < strlen(context); i++)
        assert_int_equal(paragraph_word_at(&made.paragraph, i), wanted[i]);
    assert_int_equal(made.paragraph.words[0].start, 1);
    assert_int_equal(made.paragraph.words[0].size, 2);
    assert_int_equal(made.paragraph.words[1].start, 5);
    release(&made);
}

/* The second word is a soft hyphen, which vanishes: it has no pieces, and no piece is of it. */
static void pieces_have_words(void **state)
{
    (void)state;
    static const int wanted[] = {0, 0, 0, 0, 2, 2, 3};
    struct made made;
    make(&made, "UNwanted, \xC2\xAD running a");
    assert_int_equal(made.paragraph.word_count, 4);
    assert_int_equal(paragraph_pieces(&made.paragraph), 7);
    for (int p = 0; p < 7; p++)
        assert_int_equal(paragraph_word_of(&made.paragraph, p), wanted[p]);
    assert_int_equal(made.paragraph.first_piece[1], 4);
    assert_int_equal(made.paragraph.first_piece[2], 4);
    assert_string_equal(vocabulary_token(made.vocabulary, made.paragraph.pieces[5]), "##ing");
    release(&made);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(words_end_at_five_characters),
        cmocka_unit_test(other_white_space_does_not),
        cmocka_unit_test(places_have_words),
        cmocka_unit_test(pieces_have_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
