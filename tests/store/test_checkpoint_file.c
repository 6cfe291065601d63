/* A checkpoint as a file: what is in it, and that no damage and no nonsense gets past opening. */
#include "../dist/ranks.h"
#include "sample.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/base/container.h"
#include "lambert/base/file.h"
#include "lambert/base/json.h"
#include "lambert/store/checkpoint_file.h"

static void write_sample(const char *path)
{
    struct sample sample;
    struct error err;
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    sample_release(&sample);
}

static void write_task(const char *path)
{
    struct sample sample;
    struct error err;
    sample_init(&sample, ranks, &sample_config, RULE_SGD, 32);
    sample_make_task(&sample);
    assert_int_equal(sample_write(&sample, ranks, path, &err), 0);
    sample_release(&sample);
}

static bool is_sample(const struct checkpoint_file *file)
{
    struct sample sample;
    bool same = file->tensor_count == 30 && file->moment_count == 2 &&
                file->updates.of_moments == 41 && file->updates.earlier == 0;
    sample_init(&sample, ranks, &sample_config, RULE_LAMB, 32);
    for (int t = 0; same && t < file->tensor_count; t++) {
        const struct checkpoint_tensor *tensor = &file->tensors[t];
        same = strcmp(tensor->name, sample.table.infos[t].name) == 0;
        for (size_t i = 0; same && i < tensor->count; i++) {
            size_t at = tensor->offset + i;
            same = file->weights[at] == sample_value(SAMPLE_WEIGHTS, t, i) &&
                   file->moments[0].values[at] == sample_value(SAMPLE_M, t, i) &&
                   file->moments[1].values[at] == sample_value(SAMPLE_V, t, i);
        }
    }
    same = same && memcmp(&file->meta.state, &sample.meta.state, sizeof file->meta.state) == 0 &&
           strcmp(file->meta.config, sample.meta.config) == 0 &&
           file->meta.vocabulary_size == sample.meta.vocabulary_size &&
           memcmp(file->meta.vocabulary, sample.meta.vocabulary, file->meta.vocabulary_size) == 0;
    sample_release(&sample);
    return same;
}

static void what_is_in_it(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct error err;
    const char *path = scratch_path("file.checkpoint");
    write_sample(path);
    assert_int_equal(checkpoint_file_open(&file, path, &err), 0);
    assert_true(is_sample(&file));
    const struct checkpoint_tensor *tensor =
        checkpoint_file_tensor(&file, "bert.embeddings.position_embeddings.weight");
    assert_int_equal(tensor->dimensions, 2);
    assert_int_equal(tensor->shape[0], 6);
    assert_int_equal(tensor->shape[1], 3);
    assert_int_equal(tensor->offset, 21);
    assert_int_equal(tensor->count, 18);
    assert_null(checkpoint_file_tensor(&file, "bert.embeddings"));
    assert_ptr_equal(checkpoint_file_moment(&file, "v"), file.moments[1].values);
    assert_null(checkpoint_file_moment(&file, "u"));
    checkpoint_file_close(&file);
    checkpoint_file_close(&file);
}

/* Without a task there are no labels; with one they come back, and with a copy of them. */
static void labels_of_a_task(void **state)
{
    (void)state;
    struct checkpoint_file file;
    struct error err;
    write_sample(scratch_path("none.checkpoint"));
    assert_int_equal(checkpoint_file_open(&file, scratch_path("none.checkpoint"), &err), 0);
    assert_int_equal(file.meta.labels_size, 0);
    assert_false(file.meta.state.has_best);
    checkpoint_file_close(&file);
    write_task(scratch_path("task.checkpoint"));
    assert_int_equal(checkpoint_file_open(&file, scratch_path("task.checkpoint"), &err), 0);
    struct checkpoint_meta copy = checkpoint_meta_copy(&file.meta);
    assert_int_equal(file.meta.state.best_step, 30);
    checkpoint_file_close(&file);
    assert_int_equal(copy.labels_size, 8);
    assert_string_equal(copy.labels, "neg\npos\n");
    checkpoint_meta_release(&copy);
}

/* Every bit of them is covered by a checksum. */
static void damaged_labels_are_refused(void **state)
{
    (void)state;
    struct container container;
    struct checkpoint_file file;
    struct error err;
    struct buffer bytes = {0};
    const char *path = scratch_path("labels.checkpoint");
    write_task(path);
    assert_int_equal(container_open(&container, path, "checkpt", 1, &err), 0);
    assert_string_equal(container.entries[4].name, "labels");
    size_t at = (size_t)container.entries[4].offset;
    container_close(&container);
    scratch_read(path, &bytes);
    bytes.data[at] ^= 1; /* "oeg" */
    scratch_write(path, bytes.data, bytes.size);
    assert_int_equal(checkpoint_file_open(&file, path, &err), -1);
    assert_non_null(strstr(err.text, path));
    assert_non_null(strstr(err.text, "labels"));
    buffer_release(&bytes);
}

static void put_byte(const char *path, size_t at, uint8_t byte)
{
    int descriptor = open(path, O_WRONLY);
    assert_true(descriptor >= 0);
    assert_int_equal(pwrite(descriptor, &byte, 1, (off_t)at), 1);
    close(descriptor);
}

/* Each byte of the file in turn, one bit or all of them: opening says no and names the file, or
 * what is read is what was written. */
static void every_flipped_byte_is_refused_or_harmless(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct error err;
    const char *path = scratch_path("flipped.checkpoint");
    int refused = 0;
    write_sample(path);
    scratch_read(path, &bytes);
    for (size_t i = 0; i < bytes.size; i++) {
        struct checkpoint_file file;
        put_byte(path, i, bytes.data[i] ^ (uint8_t)(i % 2 ? 0xFF : 1 << i / 2 % 8));
        if (checkpoint_file_open(&file, path, &err) == 0) {
            assert_true(is_sample(&file));
            checkpoint_file_close(&file);
        } else {
            assert_non_null(strstr(err.text, path));
            refused++;
        }
        put_byte(path, i, bytes.data[i]);
    }
    assert_true(refused > (int)bytes.size - 100); /* a few bytes mean nothing */
    buffer_release(&bytes);
}

static void every_truncation_is_refused(void **state)
{
    (void)state;
    struct buffer bytes = {0};
    struct checkpoint_file file;
    struct error err;
    const char *path = scratch_path("short.checkpoint");
    write_sample(path);
    scratch_read(path, &bytes);
    for (size_t size = 0; size < bytes.size; size += size < bytes.size - 100 ? 13 : 1) {
        scratch_write(path, bytes.data, size);
        assert_int_equal(checkpoint_file_open(&file, path, &err), -1);
        assert_non_null(strstr(err.text, path));
    }
    buffer_release(&bytes);
}

/* `whole` with other bytes in one section, and right checksums. */
static void replace_section(const char *whole, const char *path, const char *section,
                            const void *data, size_t size)
{
    struct container container;
    struct container_writer writer;
    struct error err;
    assert_int_equal(container_open(&container, whole, "checkpt", 1, &err), 0);
    assert_int_equal(container_writer_open(&writer, path, "checkpt", 1, &err), 0);
    for (int i = 0; i < container.count; i++) {
        const char *name = container.entries[i].name;
        const void *old;
        size_t old_size;
        container_section_unchecked(&container, name, &old, &old_size);
        bool replaced = strcmp(name, section) == 0;
        assert_int_equal(container_writer_section(&writer, name, replaced ? data : old,
                                                  replaced ? size : old_size, &err),
                         0);
    }
    assert_int_equal(container_writer_commit(&writer, &err), 0);
    container_close(&container);
}

#define BEST_STATE                                                                                 \
    "{\"phase\":1,\"phase_step\":1,\"total_steps\":42,\"updates\":41,\"sequences\":1,"             \
    "\"tokens\":1,\"corpus_hash\":\"fedcba9876543210\","                                           \
    "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":true,"

static void nonsense_is_refused(void **state)
{
    (void)state;
    static const char good_state[] =
        "{\"phase\":1,\"phase_step\":12,\"total_steps\":42,"
        "\"updates\":41,\"sequences\":65536,\"tokens\":1,"
        "\"corpus_hash\":\"fedcba9876543210\","
        "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":false}";
    static const char *const texts[][2] = {
        {"state", ""},
        {"state", "[]"},
        {"state", "{\"phase\":1}"},
        {"state",
         "{\"phase\":-1,\"phase_step\":12,\"total_steps\":42,\"updates\":41,\"sequences\":1,"
         "\"tokens\":1,\"corpus_hash\":\"fedcba9876543210\","
         "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":false}"},
        {"state", "{\"phase\":1,\"phase_step\":1.5,\"total_steps\":42,\"updates\":41,"
                  "\"sequences\":1,\"tokens\":1,\"corpus_hash\":\"fedcba9876543210\","
                  "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":false}"},
        {"state", "{\"phase\":1,\"phase_step\":1,\"total_steps\":42,\"updates\":41,"
                  "\"sequences\":1,\"tokens\":1,\"corpus_hash\":\"fedcba987654321\","
                  "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":false}"},
        {"state", "{\"phase\":1,\"phase_step\":1,\"total_steps\":42,\"updates\":41,"
                  "\"sequences\":1,\"tokens\":1,\"corpus_hash\":\"fedcba9876543210\","
                  "\"vocabulary_hash\":\"0000000000000abc\",\"lower_case\":0}"},
        {"state", BEST_STATE "\"best_value\":0.5}"},
        {"state", BEST_STATE "\"best_step\":3}"},
        {"state", BEST_STATE "\"best_value\":null,\"best_step\":3}"},
        {"state", BEST_STATE "\"best_value\":1e999,\"best_step\":3}"},
        {"state", BEST_STATE "\"best_value\":0.5,\"best_step\":-3}"},
        {"state", BEST_STATE "\"phase_seconds\":0}"},
        {"state", BEST_STATE "\"phase_seconds\":-1}"},
        {"state", BEST_STATE "\"phase_seconds\":1e999}"},
        {"state", BEST_STATE "\"phase_seconds\":null}"},
        {"state", BEST_STATE "\"rates_hash\":12}"},
        {"state", BEST_STATE "\"rates_hash\":\"fedcba987654321\"}"},
        {"tensors", ""},
        {"tensors", "{\"a\":1,\"b\":2}"},
        {"tensors", "[1,2]"},
        {"tensors", "[{\"name\":\"a\",\"shape\":[],\"offset\":0}]"},
        {"tensors", "[{\"name\":\"a\",\"shape\":[1,2,3],\"offset\":0}]"},
        {"tensors", "[{\"name\":\"a\",\"shape\":[-1],\"offset\":0}]"},
        {"tensors", "[{\"name\":\"a\",\"shape\":[2],\"offset\":8}]"},
        {"tensors", "[{\"shape\":[2],\"offset\":0}]"},
        {"tensors", "[{\"name\":\"a\",\"shape\":[2147483647,2147483647],\"offset\":0},"
                    "{\"name\":\"b\",\"shape\":[2147483647,2147483647],\"offset\":0}]"},
    };
    const char *whole = scratch_path("sense"), *path = scratch_path("nonsense");
    struct checkpoint_file file;
    struct error err;
    write_sample(whole);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        replace_section(whole, path, texts[i][0], texts[i][1], strlen(texts[i][1]));
        if (checkpoint_file_open(&file, path, &err) == 0)
            fail_msg("taken for a %s: %s", texts[i][0], texts[i][1]);
        assert_non_null(strstr(err.text, path));
        assert_non_null(strstr(err.text, texts[i][0]));
    }
    replace_section(whole, path, "state", good_state, strlen(good_state));
    assert_int_equal(checkpoint_file_open(&file, path, &err), 0);
    checkpoint_file_close(&file);
}

/* With sound checksums, each field of the state at the end of its range, and one that is none; the last that is taken
 * leaves a run room to go on. */
static void fields_that_no_run_reaches(void **state)
{
    (void)state;
    static const char *const fields[] = {"phase",     "phase_step",     "total_steps",
                                         "updates",   "sequences",      "tokens",
                                         "best_step", "earlier_updates"};
    static const struct {
        double value;
        bool taken;
    } values[] = {{0x1p52 - 1, true}, {0x1p52, false}, {0x1p53 - 1, false}, {0x1p53, false},
                  {-1, false},        {0.5, false},    {1e300, false}};
    const char *whole = scratch_path("range"), *path = scratch_path("out of range");
    write_sample(whole);
    for (size_t f = 0; f < sizeof fields / sizeof *fields; f++)
        for (size_t v = 0; v < sizeof values / sizeof *values; v++) {
            struct checkpoint_file file;
            struct error err = {""};
            cJSON *root =
                cJSON_Parse(BEST_STATE "\"earlier_updates\":5,\"best_value\":0.5,\"best_step\":3}");
            cJSON_ReplaceItemInObject(root, fields[f], cJSON_CreateNumber(values[v].value));
            char *text = json_print(root), named[32];
            snprintf(named, sizeof named, "'%s'", fields[f]);
            replace_section(whole, path, "state", text, strlen(text));
            free(text);
            const int status = checkpoint_file_open(&file, path, &err);
            const bool taken = values[v].taken && strcmp(fields[f], "phase") != 0;
            if (status != (taken ? 0 : -1) ||
                (!taken && (!strstr(err.text, named) || !strstr(err.text, path))))
                fail_msg("%s = %g: %d, '%s'", fields[f], values[v].value, status, err.text);
            checkpoint_file_close(&file);
        }
}

/* Arrays that are longer, shorter, or no whole number of floats. */
static void arrays_of_another_size_are_refused(void **state)
{
    (void)state;
    static const char *const names[] = {"weights", "moment.m", "moment.v"};
    static const int changes[] = {-4, 4, -1, 1};
    const char *whole = scratch_path("sized"), *path = scratch_path("missized");
    struct checkpoint_file file;
    struct error err;
    write_sample(whole);
    assert_int_equal(checkpoint_file_open(&file, whole, &err), 0);
    size_t size = file.elements * sizeof(float);
    checkpoint_file_close(&file);
    char *zeros = calloc(1, size + 4);
    for (int n = 0; n < 3; n++)
        for (int c = 0; c < 4; c++) {
            replace_section(whole, path, names[n], zeros, (size_t)((int)size + changes[c]));
            assert_int_equal(checkpoint_file_open(&file, path, &err), -1);
            assert_non_null(strstr(err.text, names[n]));
        }
    free(zeros);
}

/* Five moments, or one of a name as long as a section's can be. */
static void moments_by_any_name_but_not_too_many(void **state)
{
    (void)state;
    static const char *const names[] = {"moment.m", "moment.v", "moment.abcdefghi", "moment.",
                                        "moment.x"};
    const char *whole = scratch_path("few"), *path = scratch_path("many");
    for (int count = 3; count <= 5; count++) {
        struct container container;
        struct container_writer writer;
        struct checkpoint_file file;
        struct error err;
        const void *data;
        size_t size;
        write_sample(whole);
        assert_int_equal(container_open(&container, whole, "checkpt", 1, &err), 0);
        assert_int_equal(container_writer_open(&writer, path, "checkpt", 1, &err), 0);
        for (int i = 0; i < 5 + count; i++) { /* 5 sections before the moments */
            const char *name = i < 5 ? container.entries[i].name : names[i - 5];
            container_section_unchecked(&container, i < 5 ? name : "moment.m", &data, &size);
            assert_int_equal(container_writer_section(&writer, name, data, size, &err), 0);
        }
        assert_int_equal(container_writer_commit(&writer, &err), 0);
        container_close(&container);
        if (count <= CHECKPOINT_MOMENTS) {
            assert_int_equal(checkpoint_file_open(&file, path, &err), 0);
            assert_int_equal(file.moment_count, count);
            assert_non_null(checkpoint_file_moment(&file, "abcdefghi"));
            checkpoint_file_close(&file);
        } else {
            assert_int_equal(checkpoint_file_open(&file, path, &err), -1);
            assert_non_null(strstr(err.text, "moment.x"));
        }
    }
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        RANKS_TEST(what_is_in_it),
        RANKS_TEST(labels_of_a_task),
        RANKS_TEST(damaged_labels_are_refused),
        RANKS_TEST(every_flipped_byte_is_refused_or_harmless),
        RANKS_TEST(every_truncation_is_refused),
        RANKS_TEST(nonsense_is_refused),
        RANKS_TEST(fields_that_no_run_reaches),
        RANKS_TEST(arrays_of_another_size_are_refused),
        RANKS_TEST(moments_by_any_name_but_not_too_many),
    };
    if (ranks_open(&argc, &argv) != 0)
        return 1;
    scratch_open(ranks);
    int failures = cmocka_run_group_tests(tests, NULL, ranks_check);
    scratch_close(ranks);
    return ranks_close(failures);
}
