/* The records of an event file, unpacked again; TensorBoard's own reader has its say in make check-numerics. */
#include "lambert/store/event_file.h"

#include <stdlib.h>
#include <string.h>

#include <store/tensorboard.pb-c.h>

#include "lambert/base/file.h"
#include "lambert/base/tfrecord.h"
#include "lib/scratch.h"

enum { MOST = 8 };

/* The events of the file that is the `number`th by name. */
static int read_events(int number, int files, Tensorboard__Event *events[MOST])
{
    struct folder_list list;
    struct buffer bytes = {0};
    struct error err;
    int count = 0;
    assert_int_equal(folder_list_open(&list, scratch_path("events"), &err), 0);
    assert_int_equal(list.count, files);
    char *path = path_join("events", list.names[number]);
    scratch_read(scratch_path(path), &bytes);
    free(path);
    folder_list_close(&list);
    for (size_t at = 0; at < bytes.size; count++) {
        uint64_t length = 0;
        assert_true(bytes.size - at >= TFRECORD_HEAD && count < MOST);
        assert_true(tfrecord_head_read(bytes.data + at, &length));
        const uint8_t *data = bytes.data + at + TFRECORD_HEAD;
        at += TFRECORD_HEAD + (size_t)length + sizeof(uint32_t);
        assert_true(at <= bytes.size);
        assert_true(tfrecord_data_holds(data, (size_t)length, data + length));
        events[count] = tensorboard__event__unpack(NULL, (size_t)length, data);
        assert_non_null(events[count]);
        assert_true(events[count]->wall_time > 1e9);
    }
    buffer_release(&bytes);
    return count;
}

static void free_events(Tensorboard__Event *events[MOST], int count)
{
    for (int i = 0; i < count; i++)
        tensorboard__event__free_unpacked(events[i], NULL);
}

/* A name that sorts behind that of a file whose host was ahead of the time. */
static void a_process_has_a_file_of_its_own(void **state)
{
    (void)state;
    Tensorboard__Event *events[MOST];
    struct event_file file;
    struct error err;
    assert_int_equal(folder_create(scratch_path("events"), &err), 0);
    scratch_put(scratch_path("events"), "events.out.tfevents.4000000000.elsewhere.1.0", "");
    for (int process = 0; process < 2; process++) {
        assert_int_equal(event_file_open(&file, scratch_path("events"), 7 * process, &err), 0);
        assert_non_null(strstr(file.path, process ? ".4000000002." : ".4000000001."));
        event_file_close(&file);
        assert_int_equal(read_events(1 + process, 2 + process, events), 2);
        assert_string_equal(events[0]->file_version, "brain.Event:2");
        assert_int_equal(events[1]->what_case, TENSORBOARD__EVENT__WHAT_SESSION_LOG);
        assert_int_equal(events[1]->session_log->status, TENSORBOARD__SESSION_LOG__STATUS__START);
        assert_int_equal(events[1]->step, 7 * process);
        free_events(events, 2);
    }
}

static void numbers_and_texts_are_events(void **state)
{
    (void)state;
    Tensorboard__Event *events[MOST];
    struct event_file file;
    struct error err;
    assert_int_equal(event_file_open(&file, scratch_path("events"), 0, &err), 0);
    event_file_scalar(&file, "train/loss", 0.1);
    event_file_scalar(&file, "train/rate", 2);
    assert_int_equal(event_file_write(&file, 41, &err), 0);
    event_file_text(&file, "words", "some *text*");
    assert_int_equal(event_file_write(&file, 42, &err), 0);
    /* It is there before the file is closed. */
    assert_int_equal(read_events(0, 1, events), 4);
    assert_int_equal(events[2]->step, 41);
    assert_int_equal(events[2]->summary->n_values, 2);
    assert_string_equal(events[2]->summary->values[0]->tag, "train/loss");
    assert_true(events[2]->summary->values[0]->simple_value == 0.1F);
    assert_true(events[2]->summary->values[1]->simple_value == 2);
    const Tensorboard__Value *text = events[3]->summary->values[0];
    assert_int_equal(events[3]->step, 42);
    assert_int_equal(events[3]->summary->n_values, 1);
    assert_string_equal(text->tag, "words");
    assert_string_equal(text->metadata->plugin->name, "text");
    assert_int_equal(text->tensor->n_strings, 1);
    assert_int_equal(text->tensor->strings[0].len, 11);
    assert_memory_equal(text->tensor->strings[0].data, "some *text*", 11);
    free_events(events, 4);
    event_file_close(&file);
}

/* A folder's name may be any bytes; as a tag it is UTF-8, which unpacking wants of strings in other languages. */
static void strings_are_utf8(void **state)
{
    (void)state;
    Tensorboard__Event *events[MOST];
    struct event_file file;
    struct error err;
    assert_int_equal(event_file_open(&file, scratch_path("events"), 0, &err), 0);
    event_file_scalar(&file, "z\xC3\xBCrich\xE9/\xED\xA0\x80/loss\xC3", 1);
    event_file_text(&file, "", "\xFF");
    assert_int_equal(event_file_write(&file, 1, &err), 0);
    assert_int_equal(read_events(0, 1, events), 3);
    const Tensorboard__Summary *summary = events[2]->summary;
    assert_string_equal(summary->values[0]->tag, "zürich�/���/loss�");
    assert_string_equal(summary->values[1]->tag, "");
    assert_memory_equal(summary->values[1]->tensor->strings[0].data, "�", 3);
    assert_int_equal(summary->values[1]->tensor->strings[0].len, 3);
    free_events(events, 3);
    event_file_close(&file);
}

static void what_cannot_be_written_is_said(void **state)
{
    (void)state;
    struct event_file file;
    struct error err;
    scratch_put(scratch_folder(), "events", "no folder");
    assert_int_equal(event_file_open(&file, scratch_path("events"), 0, &err), -1);
    assert_null(file.stream);
    event_file_close(&file);

    file = (struct event_file){.stream = fopen("/dev/full", "wb")};
    if (!file.stream)
        return;
    file.path = strdup("/dev/full");
    event_file_scalar(&file, "a", 1);
    assert_int_equal(event_file_write(&file, 1, &err), -1);
    assert_non_null(strstr(err.text, "cannot write /dev/full: "));
    assert_int_equal(file.count, 0);
    event_file_close(&file);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_process_has_a_file_of_its_own, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(numbers_and_texts_are_events, scratch_setup,
                                        scratch_teardown),
        cmocka_unit_test_setup_teardown(strings_are_utf8, scratch_setup, scratch_teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_written_is_said, scratch_setup,
                                        scratch_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
