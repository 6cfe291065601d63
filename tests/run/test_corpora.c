#include "lambert/run/corpora.h"

#include <stdio.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/hash.h"
#include "lib/scratch.h"
#include "small_run.h"

static int setup(void **state)
{
    if (scratch_setup(state) < 0)
        return -1;
    small_corpus_make("a", &(struct small_corpus){0});
    small_corpus_make("b", &(struct small_corpus){.documents = 20});
    small_corpus_make("cased", &(struct small_corpus){.cased = true});
    small_corpus_make("other", &(struct small_corpus){.extra_word = "word"});
    return 0;
}

/* Phases one and three on data.corpus, two on a corpus of its own. */
static void load(struct config *config, const char *corpus, const char *of_two)
{
    char own[CONFIG_TEXT];
    snprintf(own, sizeof own, "phase.two.corpus=%s", scratch_path(of_two));
    small_config(config, corpus, "run", "phase.two.steps=1", "phase.two.learning_rate=0.01", own,
                 "phase.two.sequence_length=24", "phase.three.steps=1",
                 "phase.three.learning_rate=0.01", "phase.three.sequence_length=24", NULL);
}

static void a_corpus_is_opened_once(void **state)
{
    (void)state;
    struct config config;
    struct corpora corpora;
    struct error err;
    load(&config, "a", "b");
    assert_int_equal(corpora_open(&corpora, &config, &err), 0);
    assert_int_equal(corpora.count, 2);
    assert_ptr_equal(corpora_of(&corpora, 0), corpora_of(&corpora, 2));
    assert_string_equal(corpus_folder(corpora_of(&corpora, 0)), scratch_path("a"));
    assert_string_equal(corpus_folder(corpora_of(&corpora, 1)), scratch_path("b"));
    corpora_close(&corpora);
    corpora_close(&corpora);
}

/* Of one corpus it is the corpus's own, of several that of all their hashes, in order. */
static void the_hash_is_that_of_all_corpora(void **state)
{
    (void)state;
    struct config config;
    struct corpora one, two, turned;
    struct buffer hashes = {0};
    struct error err;
    load(&config, "a", "a");
    assert_int_equal(corpora_open(&one, &config, &err), 0);
    assert_int_equal(one.count, 1);
    assert_true(corpora_hash(&one) == corpus_hash(corpora_of(&one, 0)));
    load(&config, "a", "b");
    assert_int_equal(corpora_open(&two, &config, &err), 0);
    load(&config, "b", "a");
    assert_int_equal(corpora_open(&turned, &config, &err), 0);
    buffer_put_u64(&hashes, corpus_hash(corpora_of(&two, 0)));
    buffer_put_u64(&hashes, corpus_hash(corpora_of(&two, 1)));
    assert_true(corpora_hash(&two) == hash_bytes(hashes.data, hashes.size));
    assert_true(corpora_hash(&two) != corpora_hash(&turned));
    buffer_release(&hashes);
    corpora_close(&one);
    corpora_close(&two);
    corpora_close(&turned);
}

static void assert_refused(const char *of_two, const char *sentence)
{
    struct config config;
    struct corpora corpora;
    struct error err;
    load(&config, "a", of_two);
    assert_int_equal(corpora_open(&corpora, &config, &err), -1);
    if (!strstr(err.text, sentence) || !strstr(err.text, scratch_path(of_two)))
        fail_msg("'%s' does not say '%s' of %s", err.text, sentence, of_two);
    assert_int_equal(corpora.count, 0);
}

static void corpora_of_one_model_agree(void **state)
{
    (void)state;
    assert_refused("other", "were made with different vocabularies");
    assert_refused("cased", "one is cased and the other is not");
    assert_refused("none", "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corpus_is_opened_once),
        cmocka_unit_test(the_hash_is_that_of_all_corpora),
        cmocka_unit_test(corpora_of_one_model_agree),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
