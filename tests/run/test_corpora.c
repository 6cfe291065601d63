#include "lambert/run/corpora.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
    assert_ptr_equal(corpora_of(&corpora, 0, 0), corpora_of(&corpora, 2, 0));
    assert_string_equal(corpus_folder(corpora_of(&corpora, 0, 0)), scratch_path("a"));
    assert_string_equal(corpus_folder(corpora_of(&corpora, 1, 0)), scratch_path("b"));
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
    assert_true(corpora_hash(&one) == corpus_hash(corpora_of(&one, 0, 0)));
    load(&config, "a", "b");
    assert_int_equal(corpora_open(&two, &config, &err), 0);
    load(&config, "b", "a");
    assert_int_equal(corpora_open(&turned, &config, &err), 0);
    buffer_put_u64(&hashes, corpus_hash(corpora_of(&two, 0, 0)));
    buffer_put_u64(&hashes, corpus_hash(corpora_of(&two, 1, 0)));
    assert_true(corpora_hash(&two) == hash_bytes(hashes.data, hashes.size));
    assert_true(corpora_hash(&two) != corpora_hash(&turned));
    buffer_release(&hashes);
    corpora_close(&one);
    corpora_close(&two);
    corpora_close(&turned);
}

/* Several corpora of one phase, by the names that they have in the scratch folder. */
static void load_list(struct config *config, const char *first, const char *second, char *word)
{
    char list[CONFIG_TEXT];
    snprintf(list, sizeof list, "phase.one.corpus=%s,", scratch_path(first));
    snprintf(list + strlen(list), sizeof list - strlen(list), " %s", scratch_path(second));
    small_config(config, "a", "run", list, word, NULL);
}

static uint64_t tokens_of(const struct corpus *corpus)
{
    return document_store_tokens(corpus_store(corpus, CORPUS_TRAIN));
}

static void a_phase_mixes_corpora(void **state)
{
    (void)state;
    struct config config;
    struct corpora corpora;
    struct error err;
    load_list(&config, "a", "b", "phase.one.weights=3,1");
    assert_int_equal(corpora_open(&corpora, &config, &err), 0);
    assert_int_equal(corpora.count, 2);
    assert_int_equal(corpora_parts(&corpora, 0), 2);
    assert_true(mixture_share(corpora_mixture(&corpora, 0), 0) == 0.75);
    corpora_close(&corpora);

    load_list(&config, "a", "b", "phase.one.temperature=1");
    assert_int_equal(corpora_open(&corpora, &config, &err), 0);
    const double a = (double)tokens_of(corpora_of(&corpora, 0, 0));
    const double b = (double)tokens_of(corpora_of(&corpora, 0, 1));
    assert_true(fabs(mixture_share(corpora_mixture(&corpora, 0), 0) - a / (a + b)) < 1e-8);
    corpora_close(&corpora);

    load_list(&config, "a", "b", "phase.one.temperature=2");
    assert_int_equal(corpora_open(&corpora, &config, &err), 0);
    assert_true(fabs(mixture_share(corpora_mixture(&corpora, 0), 0) -
                     sqrt(a) / (sqrt(a) + sqrt(b))) < 1e-8);
    corpora_close(&corpora);
}

/* The same corpus may stand there twice; it is open once. */
static void a_corpus_may_be_listed_twice(void **state)
{
    (void)state;
    struct config config;
    struct corpora corpora;
    struct mixed_sampler *sampler;
    struct error err;
    load_list(&config, "a", "a", "phase.one.weights=1,1");
    assert_int_equal(corpora_open(&corpora, &config, &err), 0);
    assert_int_equal(corpora.count, 1);
    assert_int_equal(corpora_parts(&corpora, 0), 2);
    assert_ptr_equal(corpora_of(&corpora, 0, 0), corpora_of(&corpora, 0, 1));
    assert_true(corpora_hash(&corpora) != corpus_hash(corpora_of(&corpora, 0, 0)));
    assert_int_equal(corpora_sampler(&corpora, &config, 0, CORPUS_TRAIN, &sampler, &err), 0);
    assert_int_equal(mixed_sampler_parts(sampler), 2);
    mixed_sampler_free(sampler);
    assert_int_equal(corpora_sampler(&corpora, &config, 0, CORPUS_HELDOUT, &sampler, &err), -1);
    assert_non_null(strstr(err.text, "phase one, the held-out split of "));
    corpora_close(&corpora);
}

/* A folder is the same corpus however its path is spelt. */
static void a_folder_has_many_names(void **state)
{
    (void)state;
    static const char *const names[] = {"a/../a", "a/", "./a", "link"};
    struct config config;
    struct corpora corpora;
    struct error err;
    char here[4096], link[4096], word[CONFIG_TEXT];
    assert_non_null(getcwd(here, sizeof here));
    snprintf(link, sizeof link, "%s", scratch_path("link"));
    assert_int_equal(symlink("a", link), 0);
    assert_int_equal(chdir(scratch_path(".")), 0);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++)
        for (int absolute = 0; absolute < 2; absolute++) {
            snprintf(word, sizeof word, "phase.two.corpus=%s",
                     absolute ? scratch_path(names[n]) : names[n]);
            small_config(&config, "a", "run", "phase.two.steps=1", "phase.two.learning_rate=0.01",
                         "phase.two.sequence_length=24", word, NULL);
            assert_int_equal(corpora_open(&corpora, &config, &err), 0);
            assert_int_equal(corpora.count, 1);
            const uint64_t one = corpus_hash(corpora_of(&corpora, 0, 0));
            assert_true(corpora_hash(&corpora) == one);
            struct buffer hashes = {0}; /* as it was when each name was a corpus */
            buffer_put_u64(&hashes, one);
            buffer_put_u64(&hashes, one);
            assert_true(corpora_hash_by_spelling(&corpora, &config) ==
                        hash_bytes(hashes.data, hashes.size));
            buffer_release(&hashes);
            corpora_close(&corpora);
        }
    assert_int_equal(unlink(link), 0);
    assert_int_equal(chdir(here), 0);
}

/* Of lists it says which corpora they are, and in which order; the same list in another phase says
 * nothing more. */
static void the_hash_tells_lists_apart(void **state)
{
    (void)state;
    struct config config;
    struct corpora ab, ba, more;
    struct error err;
    load_list(&config, "a", "b", "phase.one.weights=1,1");
    assert_int_equal(corpora_open(&ab, &config, &err), 0);
    strcpy(config.data.corpus, config.phases[0].corpus);
    config.phases[1] = config.phases[0];
    config.phase_count = 2;
    assert_int_equal(corpora_open(&more, &config, &err), 0);
    load_list(&config, "b", "a", "phase.one.weights=1,1");
    assert_int_equal(corpora_open(&ba, &config, &err), 0);
    assert_true(corpora_hash(&ab) != corpora_hash(&ba));
    assert_true(corpora_hash(&ab) == corpora_hash(&more));
    assert_true(corpora_hash_by_spelling(&ba, &config) == corpora_hash(&ba));
    corpora_close(&ab);
    corpora_close(&ba);
    corpora_close(&more);
}

static void corpora_of_a_list_agree(void **state)
{
    (void)state;
    static const struct {
        const char *second, *sentence;
    } cases[] = {{"other", "were made with different vocabularies"},
                 {"cased", " is cased; one model reads text in one way"},
                 {"none", "no such folder"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct config config;
        struct corpora corpora;
        struct error err;
        load_list(&config, "a", cases[i].second, "phase.one.weights=1,1");
        assert_int_equal(corpora_open(&corpora, &config, &err), -1);
        assert_non_null(strstr(err.text, cases[i].sentence));
        assert_non_null(strstr(err.text, scratch_path(cases[i].second)));
        assert_int_equal(corpora.count, 0);
    }
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
    assert_refused("cased", " is cased; one model reads text in one way");
    assert_refused("none", "none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_corpus_is_opened_once),
        cmocka_unit_test(the_hash_is_that_of_all_corpora),
        cmocka_unit_test(corpora_of_one_model_agree),
        cmocka_unit_test(a_phase_mixes_corpora),
        cmocka_unit_test(a_corpus_may_be_listed_twice),
        cmocka_unit_test(a_folder_has_many_names),
        cmocka_unit_test(the_hash_tells_lists_apart),
        cmocka_unit_test(corpora_of_a_list_agree),
    };
    return cmocka_run_group_tests(tests, setup, scratch_teardown);
}
