/* ranks: 1 2 3 */
/* Checkpoints written and read by a job. Rank 0 alone touches files, so it alone looks at them;
 * what is asserted of memory and of outcomes holds on every rank. */
#include "../dist/ranks.h"
#include "sample.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lambert/base/build.h"
#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/hash.h"
#include "lambert/base/memory.h"
#include "lambert/base/version.h"

static bool first(void)
{
    return dist_rank(ranks) == 0;
}

/* --- the bytes -------------------------------------------------------------------------------- */

/* The tensors of sample_config in the order of Hugging Face's names (docs/formats.md). */
static const char tensors_json[] =
    "[{\"name\":\"bert.embeddings.word_embeddings.weight\",\"shape\":[7,3],\"offset\":0},"
    "{\"name\":\"bert.embeddings.position_embeddings.weight\",\"shape\":[6,3],\"offset\":84},"
    "{\"name\":\"bert.embeddings.token_type_embeddings.weight\",\"shape\":[2,3],\"offset\":156},"
    "{\"name\":\"bert.embeddings.LayerNorm.weight\",\"shape\":[3],\"offset\":180},"
    "{\"name\":\"bert.embeddings.LayerNorm.bias\",\"shape\":[3],\"offset\":192},";

static const char state_json[] =
    "{\"program\":\"lambert 1.0.0\",\"phase\":1,\"phase_step\":12,\"total_steps\":42,\"updates\":41,"
    "\"sequences\":65536,\"tokens\":123456789012345,\"corpus_hash\":\"fedcba9876543210\","
    "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":false}";

/* Elements of each tensor: 5 of embeddings, 16 of the layer, 9 of pooler and heads. */
static const int counts[] = {21, 18, 6,  3, 3, 9, 9, 9, 3, 3, 3, 9, 3, 3, 3,
                             15, 5,  15, 3, 3, 3, 9, 3, 9, 3, 3, 3, 7, 6, 2};
enum { TENSORS = sizeof counts / sizeof counts[0] };

static void expect_array(const struct container *container, const char *section, int array)
{
    struct error err;
    const void *data;
    size_t size;
    struct buffer wanted = {0};
    assert_int_equal(container_section(container, section, &data, &size, &err), 0);
    for (int t = 0; t < TENSORS; t++)
        for (int i = 0; i < counts[t]; i++) {
            float value = sample_value(array, t, (size_t)i);
            buffer_put(&wanted, &value, sizeof value);
        }
    assert_int_equal(size, wanted.size);
    assert_memory_equal(data, wanted.data, size);
    buffer_release(&wanted);
}

static void expect_text(const struct container *container, const char *section, const char *wanted)
{
    struct error err;
    const void *data;
    size_t size;
    assert_int_equal(container_section(container, section, &data, &size, &err), 0);
    assert_true(size >= strlen(wanted));
    assert_memory_equal(data, wanted, strlen(wanted));
}

/* Whatever the number of ranks, these sections in this order with these bytes; and the layout of a
 * container leaves no choice for the rest. */
static void bytes_are_as_documented(void **state)
{
    (void)state;
    static const char *const names[] = {"state",   "config",   "tensors", "vocab",
                                        "weights", "moment.m", "moment.v"};
    struct sample sample;
    struct error err;
    const char *path = scratch_path("bytes.checkpoint");
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    if (first()) {
        struct container container;
        assert_int_equal(container_open(&container, path, "checkpt", 1, &err), 0);
        assert_int_equal(container.version, 1);
        assert_int_equal(container.count, 7);
        for (int i = 0; i < 7; i++)
            assert_string_equal(container.entries[i].name, names[i]);
        assert_int_equal(container.entries[0].size, strlen(state_json));
        expect_text(&container, "state", state_json);
        expect_text(&container, "config", "[model]\nhidden_size = 3\n");
        expect_text(&container, "tensors", tensors_json);
        expect_text(&container, "vocab", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\n");
        expect_array(&container, "weights", SAMPLE_WEIGHTS);
        expect_array(&container, "moment.m", SAMPLE_M);
        expect_array(&container, "moment.v", SAMPLE_V);
        container_close(&container);
    }
    sample_release(&sample);
}

/* What fine-tuning adds: a section, and two members of the state. */
static void bytes_of_a_task_are_as_documented(void **state)
{
    (void)state;
    static const char best[] = ",\"best_value\":0.50000000000000011,\"best_step\":30}";
    static const char *const names[] = {"vocab", "labels", "weights"};
    struct sample sample;
    struct error err;
    const char *path = scratch_path("task.checkpoint");
    sample_init(&sample, ranks, &sample_config, RULE_SGD, 32);
    sample_make_task(&sample);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    if (first()) {
        struct container container;
        struct buffer text = {0};
        assert_int_equal(container_open(&container, path, "checkpt", 1, &err), 0);
        assert_int_equal(container.version, 1);
        assert_int_equal(container.count, 7);
        for (int i = 0; i < 3; i++)
            assert_string_equal(container.entries[3 + i].name, names[i]);
        assert_int_equal(container.entries[4].size, 8);
        expect_text(&container, "labels", "neg\npos\n");
        buffer_put(&text, state_json, sizeof state_json - 2); /* without the brace at its end */
        buffer_print(&text, "%s", best);
        assert_int_equal(container.entries[0].size, text.size);
        expect_text(&container, "state", buffer_text(&text));
        buffer_release(&text);
        container_close(&container);
    }
    sample_release(&sample);
}

/* The hash of all bytes, the name of this version among them, taken from a file that one rank wrote: the same for two
 * and for three. */
static void bytes_do_not_depend_on_ranks(void **state)
{
    (void)state;
    static const size_t buckets[] = {16, 32, 1 << 20};
    struct error err;
    struct buffer bytes = {0};
    for (int b = 0; b < 3; b++) {
        struct sample sample;
        sample_init(&sample, ranks, &sample_config, RULE_LAMB, buckets[b]);
        assert_int_equal(sample_write(&sample, ranks, scratch_path("same"), &err), 0);
        if (first()) {
            scratch_read(scratch_path("same"), &bytes);
            assert_int_equal(bytes.size, 5632);
            assert_int_equal(hash_bytes(bytes.data, bytes.size), UINT64_C(0xcf84b4fa8f24fe5f));
        }
        sample_release(&sample);
    }
    buffer_release(&bytes);
}

/* A program that has said which binary it is says so in what it writes, and one section more is all of it. */
static void the_binary_is_named(void **state)
{
    (void)state;
    static const struct build build = {.commit = "0123abcd",
                                       .compiler = "cc 1.2",
                                       .flags = "-O2",
                                       .mpi = "Some MPI 4",
                                       .blas = "Some BLAS 5"};
    static const char program[] = LAMBERT_PROGRAM "\ncommit 0123abcd\ncompiler cc 1.2\nflags -O2\n"
                                                  "MPI Some MPI 4\nBLAS Some BLAS 5\n";
    struct sample sample;
    struct error err;
    const char *path = scratch_path("named.checkpoint");
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    if (first()) {
        struct checkpoint_file file;
        assert_int_equal(checkpoint_file_open(&file, path, &err), 0);
        assert_string_equal(file.program, "");
        checkpoint_file_close(&file);
    }
    build_set(&build);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    if (first()) {
        struct checkpoint_file file;
        assert_int_equal(checkpoint_file_open(&file, path, &err), 0);
        assert_int_equal(file.container.version, 1);
        assert_int_equal(file.container.count, 8);
        assert_string_equal(file.container.entries[4].name, "program");
        assert_string_equal(file.program, program);
        checkpoint_file_close(&file);
    }
    sample_release(&sample);
}

/* A job reads: rank 0 opens the file. */
static int read_into(struct sample *sample, struct optimizer *optimizer, const char *path,
                     struct run_state *state, struct error *err)
{
    struct checkpoint_file file = {0};
    struct checkpoint_arrays arrays = sample_arrays(sample, ranks);
    arrays.optimizer = optimizer;
    int status = dist_agree(ranks, first() ? checkpoint_file_open(&file, path, err) : 0, err);
    if (status == 0)
        status = checkpoint_read(&arrays, first() ? &file : NULL, state, err);
    checkpoint_file_close(&file);
    return status;
}

/* --- round trips ------------------------------------------------------------------------------ */

static void what_was_written_is_read(void **unused)
{
    (void)unused;
    for (enum update_rule rule = 0; rule < UPDATE_RULES; rule++) {
        struct sample written, seen;
        struct run_state state;
        struct error err;
        const char *path = scratch_path("new/round.checkpoint");
        sample_init(&written, ranks, &sample_config, rule, 32);
        assert_int_equal(sample_write(&written, ranks, path, &err), 0);
        sample_init_empty(&seen, ranks, &sample_config, rule, 48);
        memset(seen.params, 0xFF, seen.table.size * sizeof(real));
        assert_int_equal(read_into(&seen, seen.optimizer, path, &state, &err), 0);
        assert_true(sample_weights_hold(&seen));
        assert_true(sample_moments_hold(&seen, dist_rank(ranks)));
        assert_int_equal(optimizer_updates(seen.optimizer).of_moments, 41);
        assert_int_equal(optimizer_updates(seen.optimizer).earlier, 0);
        assert_memory_equal(&state, &written.meta.state, sizeof state);
        sample_release(&written);
        sample_release(&seen);
    }
}

/* And they stand in no file of moments that were not. */
static void updates_before_a_reset_are_read(void **unused)
{
    (void)unused;
    struct sample written, seen;
    struct run_state state;
    struct error err;
    const char *path = scratch_path("new/reset.checkpoint");
    sample_init(&written, ranks, &sample_config, RULE_LAMB, 32);
    optimizer_set_updates(written.optimizer,
                          (struct update_counts){.of_moments = 7, .earlier = 34});
    assert_int_equal(sample_write(&written, ranks, path, &err), 0);
    sample_init_empty(&seen, ranks, &sample_config, RULE_LAMB, 48);
    assert_int_equal(read_into(&seen, seen.optimizer, path, &state, &err), 0);
    assert_int_equal(optimizer_updates(seen.optimizer).of_moments, 7);
    assert_int_equal(optimizer_updates(seen.optimizer).earlier, 34);
    sample_release(&written);
    sample_release(&seen);
}

/* To the last bit: what is as good after resuming must not be better. */
static void the_best_is_read_as_it_was(void **unused)
{
    (void)unused;
    struct sample sample;
    struct run_state state;
    struct error err;
    const char *path = scratch_path("best.checkpoint");
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    sample_make_task(&sample);
    sample.meta.state.phase_seconds = 0x1.0000000000001p-1;
    sample.meta.state.rates_hash = 0xfedcba9876543210;
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    assert_int_equal(read_into(&sample, sample.optimizer, path, &state, &err), 0);
    assert_true(state.phase_seconds == 0x1.0000000000001p-1);
    assert_true(state.rates_hash == 0xfedcba9876543210);
    assert_true(state.has_best);
    assert_true(state.best_value == 0x1.0000000000001p-1);
    assert_int_equal(state.best_step, 30);
    sample_release(&sample);
}

static void weights_alone(void **unused)
{
    (void)unused;
    struct sample sample;
    struct run_state state;
    struct error err;
    const char *path = scratch_path("weights.checkpoint");
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    memset(sample.params, 0xFF, sample.table.size * sizeof(real));
    assert_int_equal(read_into(&sample, NULL, path, &state, &err), 0);
    assert_true(sample_weights_hold(&sample));
    assert_int_equal(state.total_steps, 42);
    sample_release(&sample);
}

/* --- weights of other heads ------------------------------------------------------------------- */

enum { HEAD_SEED = 5 };

/* Rank 0 reads weights alone; the others have nothing to say. */
static int read_weights(struct sample *sample, const char *path, struct buffer *said,
                        struct error *err)
{
    struct checkpoint_file file;
    assert_int_equal(checkpoint_file_open(&file, path, err), 0);
    catch_begin();
    int status =
        checkpoint_file_weights(&file, &sample->table, 0.5, HEAD_SEED, sample->params, err);
    catch_end(said);
    checkpoint_file_close(&file);
    return status;
}

/* The tensors below `kept` are those of sample_init() (the file's tables all begin with the encoder
 * and the pooler), those from there on a new run's. */
static void expect_kept_and_fresh(const struct sample *sample, int kept)
{
    const struct param_table *table = &sample->table;
    real *fresh = memory_new(table->size, sizeof *fresh);
    param_table_initialise(table, 0.5, HEAD_SEED, fresh);
    for (int t = 0; t < table->count; t++) {
        const struct param_info *info = &table->infos[t];
        for (size_t i = 0; i < info->count; i++) {
            real wanted = t < kept ? sample_value(SAMPLE_WEIGHTS, t, i) : fresh[info->offset + i];
            if (sample->params[info->offset + i] != wanted)
                fail_msg("%s is not what it should be", info->name);
        }
    }
    free(fresh);
}

static void a_task_begins_with_weights_of_another(void **state)
{
    (void)state;
    enum { ENCODER = 21, POOLED = 23 }; /* tensors, without and with the pooler */
    static const struct {
        enum task_kind from;
        int from_labels;
        enum task_kind to;
        int to_labels, kept;
        const char *fresh, *unused; /* in the log; NULL: no such line */
    } moves[] = {
        {TASK_NONE, 0, TASK_CLASSIFICATION, 3, POOLED,
         "has no classifier.weight, classifier.bias: initialised afresh",
         "left out: cls.predictions, cls.seq_relationship\n"},
        {TASK_NONE, 0, TASK_QUESTIONS, 2, ENCODER,
         "has no qa_outputs.weight, qa_outputs.bias: initialised afresh",
         "left out: bert.pooler, cls.predictions, cls.seq_relationship\n"},
        {TASK_TAGGING, 4, TASK_REGRESSION, 1, ENCODER,
         "has no bert.pooler.dense.weight, bert.pooler.dense.bias: initialised afresh", NULL},
        {TASK_CLASSIFICATION, 3, TASK_CLASSIFICATION, 2, POOLED,
         "has classifier.weight, classifier.bias for another number of labels: initialised afresh",
         NULL},
        {TASK_MULTILABEL, 3, TASK_NONE, 0, POOLED,
         "has no cls.seq_relationship.weight, cls.seq_relationship.bias: initialised afresh",
         "left out: classifier\n"},
        {TASK_CLASSIFICATION, 3, TASK_CLASSIFICATION, 3, POOLED + 2, NULL, NULL},
    };
    const char *path = scratch_path("moved.checkpoint");
    for (size_t m = 0; m < sizeof moves / sizeof *moves; m++) {
        struct sample_head from, to;
        struct sample written, seen;
        struct error err;
        struct buffer said = {0};
        struct bert_config config =
            sample_with_head(&sample_config, moves[m].from, moves[m].from_labels, &from);
        sample_init(&written, ranks, &config, RULE_LAMB, 32);
        assert_int_equal(sample_write(&written, ranks, path, &err), 0);
        config = sample_with_head(&sample_config, moves[m].to, moves[m].to_labels, &to);
        sample_init_empty(&seen, ranks, &config, RULE_LAMB, 32);
        if (first()) {
            assert_int_equal(read_weights(&seen, path, &said, &err), 0);
            expect_kept_and_fresh(&seen, moves[m].kept);
            const char *text = buffer_text(&said);
            if (moves[m].fresh)
                assert_non_null(strstr(text, moves[m].fresh));
            if (moves[m].unused)
                assert_non_null(strstr(text, moves[m].unused));
            assert_int_equal(strstr(text, "afresh") != NULL, moves[m].fresh != NULL);
            assert_int_equal(strstr(text, "left out") != NULL, moves[m].unused != NULL);
            buffer_release(&said);
        }
        sample_release(&written);
        sample_release(&seen);
    }
}

/* What is no head has to fit, and nothing is changed where it does not. */
static void an_encoder_is_never_fresh(void **state)
{
    (void)state;
    const char *path = scratch_path("encoder.checkpoint");
    struct bert_config configs[2] = {sample_config, sample_config};
    static const char *const words[] = {"it has no bert.encoder.layer.1.attention.self.query",
                                        "its bert.encoder.layer.0.intermediate.dense.weight"};
    configs[0].layers = 2;
    configs[1].intermediate = 6;
    for (int c = 0; c < 2; c++) {
        struct sample written, seen;
        struct error err;
        struct buffer said = {0};
        sample_init(&written, ranks, &sample_config, RULE_LAMB, 32);
        assert_int_equal(sample_write(&written, ranks, path, &err), 0);
        sample_init(&seen, ranks, &configs[c], RULE_LAMB, 32);
        if (first()) {
            assert_int_equal(read_weights(&seen, path, &said, &err), -1);
            assert_non_null(strstr(err.text, words[c]));
            assert_true(sample_weights_hold(&seen));
            buffer_release(&said);
        }
        sample_release(&written);
        sample_release(&seen);
    }
}

/* --- what is refused -------------------------------------------------------------------------- */

/* Reading fails everywhere with one and the same sentence, which has these words, and has changed
 * nothing. */
static void expect_refusal(const char *path, const struct bert_config *config,
                           enum update_rule rule, const char *words[], int count)
{
    struct sample sample;
    struct run_state state = {.total_steps = -1};
    struct error err, none;
    sample_init(&sample, ranks, config, rule, 32);
    assert_int_equal(read_into(&sample, sample.optimizer, path, &state, &err), -1);
    assert_int_equal(
        dist_same(ranks, "the sentence", hash_bytes(err.text, strlen(err.text)), &none), 0);
    for (int w = 0; w < count; w++)
        if (strstr(err.text, words[w]) == NULL)
            fail_msg("no '%s' in: %s", words[w], err.text);
    assert_true(sample_weights_hold(&sample));
    assert_true(sample_moments_hold(&sample, dist_rank(ranks)));
    assert_int_equal(state.total_steps, -1);
    sample_release(&sample);
}

#define EXPECT_REFUSAL(path, config, rule, ...)                                                    \
    expect_refusal(path, config, rule, (const char *[]){__VA_ARGS__},                              \
                   sizeof((const char *[]){__VA_ARGS__}) / sizeof(char *))

static void write_sample(const char *path, enum update_rule rule)
{
    struct sample sample;
    struct error err;
    sample_init(&sample, ranks, &sample_config, rule, 32);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    sample_release(&sample);
}

static void other_shapes(void **state)
{
    (void)state;
    const char *path = scratch_path("shapes.checkpoint");
    write_sample(path, RULE_LAMB);
    struct bert_config config = sample_config;
    config.vocab = 9;
    EXPECT_REFUSAL(path, &config, RULE_LAMB, path, "bert.embeddings.word_embeddings.weight",
                   "[7, 3]", "[9, 3]");
    config = sample_config;
    config.intermediate = 6;
    EXPECT_REFUSAL(path, &config, RULE_LAMB, "bert.encoder.layer.0.intermediate.dense.weight",
                   "[5, 3]", "[6, 3]");
    config = sample_config;
    config.layers = 2;
    EXPECT_REFUSAL(path, &config, RULE_LAMB, "it has no bert.encoder.layer.1.attention.self.query");
    config.layers = 0;
    EXPECT_REFUSAL(path, &config, RULE_LAMB, "has no bert.encoder.layer.0.attention.self.query");
}

/* To go on, every head has to be there, and be the file's. */
static void other_heads(void **state)
{
    (void)state;
    const char *path = scratch_path("heads.checkpoint");
    struct sample_head head;
    struct bert_config config = sample_with_head(&sample_config, TASK_CLASSIFICATION, 2, &head);
    write_sample(path, RULE_LAMB);
    EXPECT_REFUSAL(path, &config, RULE_LAMB, path, "it has no classifier.weight");
    config = sample_with_head(&sample_config, TASK_TAGGING, 2, &head);
    EXPECT_REFUSAL(path, &config, RULE_LAMB, path, "it has no classifier.weight");
}

static void another_optimizer(void **state)
{
    (void)state;
    const char *path = scratch_path("optimizer.checkpoint");
    write_sample(path, RULE_LARS);
    EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path, "moment 'v'", "optimizer.name");
}

static void files_that_are_no_checkpoints(void **state)
{
    (void)state;
    const char *path = scratch_path("none.checkpoint");
    EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path, "No such file");
    EXPECT_REFUSAL(scratch_path(""), &sample_config, RULE_LAMB, "folder");
    if (first())
        scratch_write(path, "", 0);
    EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path);
    if (first())
        scratch_write(path, "[model]\nhidden_size = 3\n", 24);
    EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path);
}

static void missing_sections(void **state)
{
    (void)state;
    static const char *const names[] = {"state", "config", "tensors", "vocab", "weights"};
    const char *whole = scratch_path("all.checkpoint"), *path = scratch_path("less.checkpoint");
    struct error err;
    write_sample(whole, RULE_LAMB);
    for (int missing = 0; missing < 5; missing++) {
        if (first()) {
            struct container container;
            struct container_writer writer;
            assert_int_equal(container_open(&container, whole, "checkpt", 1, &err), 0);
            assert_int_equal(container_writer_open(&writer, path, "checkpt", 1, &err), 0);
            for (int i = 0; i < container.count; i++) {
                const char *name = container.entries[i].name;
                const void *data;
                size_t size;
                container_section_unchecked(&container, name, &data, &size);
                if (strcmp(name, names[missing]) != 0)
                    assert_int_equal(container_writer_section(&writer, name, data, size, &err), 0);
            }
            assert_int_equal(container_writer_commit(&writer, &err), 0);
            container_close(&container);
        }
        char words[32];
        snprintf(words, sizeof words, "no section '%s'", names[missing]);
        EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path, words);
    }
}

/* `whole` with one more tensor behind the others, of a name that is there already. */
static void repeat_a_tensor(const char *whole, const char *path)
{
    struct container container;
    struct container_writer writer;
    struct error err;
    assert_int_equal(container_open(&container, whole, "checkpt", 1, &err), 0);
    assert_int_equal(container_writer_open(&writer, path, "checkpt", 1, &err), 0);
    for (int i = 0; i < container.count; i++) {
        const char *name = container.entries[i].name;
        const void *data;
        size_t size;
        struct buffer bytes = {0};
        container_section_unchecked(&container, name, &data, &size);
        buffer_put(&bytes, data, size);
        if (strcmp(name, "tensors") == 0) {
            size_t end = (size_t)container.entries[4].size; /* of the weights */
            bytes.size--;                                   /* the ']' */
            buffer_print(&bytes, ",{\"name\":\"%s\",\"shape\":[3],\"offset\":%zu}]",
                         "bert.embeddings.LayerNorm.bias", end);
        } else if (i >= 4) {
            buffer_put(&bytes, "12 bytes far", 12);
        }
        assert_int_equal(container_writer_section(&writer, name, bytes.data, bytes.size, &err), 0);
        buffer_release(&bytes);
    }
    assert_int_equal(container_writer_commit(&writer, &err), 0);
    container_close(&container);
}

static void a_tensor_that_is_there_twice(void **state)
{
    (void)state;
    const char *whole = scratch_path("once.checkpoint"), *path = scratch_path("twice.checkpoint");
    write_sample(whole, RULE_LAMB);
    if (first())
        repeat_a_tensor(whole, path);
    EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path, "a tensor twice");
}

static void damage_names_the_section(void **state)
{
    (void)state;
    static const char *const names[] = {"state",   "config",   "tensors", "vocab",
                                        "weights", "moment.m", "moment.v"};
    const char *path = scratch_path("damaged.checkpoint");
    struct buffer bytes = {0};
    struct error err;
    write_sample(path, RULE_LAMB);
    if (first())
        scratch_read(path, &bytes);
    for (int i = 0; i < 7; i++) {
        if (first()) {
            struct container container;
            scratch_write(path, bytes.data, bytes.size);
            assert_int_equal(container_open(&container, path, "checkpt", 1, &err), 0);
            size_t at = (size_t)container.entries[i].offset + 5;
            container_close(&container);
            bytes.data[at] ^= 4;
            scratch_write(path, bytes.data, bytes.size);
            bytes.data[at] ^= 4;
        }
        EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path, names[i], "checksum");
    }
    if (first())
        scratch_write(path, bytes.data, bytes.size / 2);
    EXPECT_REFUSAL(path, &sample_config, RULE_LAMB, path);
    buffer_release(&bytes);
}

/* --- what cannot be written ------------------------------------------------------------------- */

static int names_in_scratch(const char *folder)
{
    struct folder_list list;
    struct error err;
    assert_int_equal(folder_list_open(&list, scratch_path(folder), &err), 0);
    int count = list.count;
    folder_list_close(&list);
    return count;
}

static void no_folder_to_write_to(void **state)
{
    (void)state;
    struct sample sample;
    struct error err;
    const char *path = scratch_path("file/step.checkpoint");
    if (first())
        scratch_write(scratch_path("file"), "x", 1);
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    assert_int_equal(sample_write(&sample, ranks, path, &err), -1);
    assert_non_null(strstr(err.text, scratch_path("file")));
    /* A run folder that is gone is not made anew. */
    assert_int_equal(
        sample_write(&sample, ranks, scratch_path("gone/checkpoints/step.checkpoint"), &err), -1);
    assert_non_null(strstr(err.text, scratch_path("gone/checkpoints")));
    assert_false(folder_exists(scratch_path("gone")));
    sample_release(&sample);
}

/* Rank 0's files may not grow beyond `most` bytes: to a writer that is a full disk. */
static int write_within(struct sample *sample, const char *path, rlim_t most, struct error *err)
{
    struct rlimit old, limit;
    if (first()) {
        signal(SIGXFSZ, SIG_IGN);
        getrlimit(RLIMIT_FSIZE, &old);
        limit = old;
        limit.rlim_cur = most;
        setrlimit(RLIMIT_FSIZE, &limit);
    }
    int status = sample_write(sample, ranks, path, err);
    if (first())
        setrlimit(RLIMIT_FSIZE, &old);
    return status;
}

/* At whichever section it happens: nothing half-written, the old file untouched, all ranks told. */
static void a_full_disk(void **state)
{
    (void)state;
    struct bert_config config = sample_config;
    config.vocab = 150000; /* 1.8 MB an array, more than any buffer */
    static const rlim_t limits[] = {100, 1000000, 2500000, 4500000, 6000000};
    struct sample sample;
    struct error err, none;
    const char *path = scratch_path("full/step.checkpoint");
    if (first()) {
        assert_int_equal(folder_create(scratch_path("full"), &err), 0);
        scratch_write(path, "the one before", 14);
    }
    sample_init(&sample, ranks, &config, RULE_LAMB, 1 << 16);
    for (int i = 0; i < 5; i++) {
        assert_int_equal(write_within(&sample, path, limits[i], &err), -1);
        assert_non_null(strstr(err.text, path));
        assert_non_null(strstr(err.text, "File too large"));
        assert_int_equal(
            dist_same(ranks, "the sentence", hash_bytes(err.text, strlen(err.text)), &none), 0);
        if (first()) {
            struct buffer bytes = {0};
            assert_int_equal(names_in_scratch("full"), 1);
            scratch_read(path, &bytes);
            assert_int_equal(bytes.size, 14);
            buffer_release(&bytes);
        }
    }
    assert_int_equal(write_within(&sample, path, RLIM_INFINITY, &err), 0);
    sample_release(&sample);
}

static int open_folder(void **state)
{
    (void)state;
    scratch_open(ranks);
    return 0;
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(bytes_are_as_documented),
        RANKS_TEST(bytes_of_a_task_are_as_documented),
        RANKS_TEST(bytes_do_not_depend_on_ranks),
        RANKS_TEST(what_was_written_is_read),
        RANKS_TEST(updates_before_a_reset_are_read),
        RANKS_TEST(the_best_is_read_as_it_was),
        RANKS_TEST(weights_alone),
        RANKS_TEST(a_task_begins_with_weights_of_another),
        RANKS_TEST(an_encoder_is_never_fresh),
        RANKS_TEST(other_shapes),
        RANKS_TEST(other_heads),
        RANKS_TEST(another_optimizer),
        RANKS_TEST(files_that_are_no_checkpoints),
        RANKS_TEST(missing_sections),
        RANKS_TEST(a_tensor_that_is_there_twice),
        RANKS_TEST(damage_names_the_section),
        RANKS_TEST(no_folder_to_write_to),
        RANKS_TEST(a_full_disk),
        RANKS_TEST(the_binary_is_named), /* the last: what is said stands for the whole process */
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    open_folder(NULL);
    int failures = cmocka_run_group_tests(tests, NULL, ranks_check);
    scratch_close(ranks);
    return ranks_close(failures);
}
