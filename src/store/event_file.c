#include "lambert/store/event_file.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <store/tensorboard.pb-c.h>

#include "lambert/base/array.h"
#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/host_name.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"
#include "lambert/base/tfrecord.h"
#include "lambert/base/utf8.h"

static const char PREFIX[] = "events.out.tfevents.";
enum { TYPE_STRING = 7 }; /* TensorFlow's DT_STRING */

/* A file's name begins with the second that it was made in, which is later than that of all that are there, whatever
 * the clocks of their hosts said: names are read in their order. */
static int next_second(const char *folder, long long *second, struct error *err)
{
    struct folder_list list;
    *second = (long long)time(NULL);
    if (folder_list_open(&list, folder, err) < 0)
        return -1;
    for (int i = 0; i < list.count; i++) {
        const char *name = list.names[i];
        if (!string_begins_with(name, PREFIX))
            continue;
        const long long other = strtoll(name + strlen(PREFIX), NULL, 10);
        if (other >= *second)
            *second = other + 1;
    }
    folder_list_close(&list);
    return 0;
}

static int put_event(struct event_file *file, const Tensorboard__Event *event, struct error *err)
{
    const size_t size = tensorboard__event__get_packed_size(event);
    uint8_t *packed = memory_new(size + 1, 1);
    struct buffer record = {0};
    tensorboard__event__pack(event, packed);
    tfrecord_put(&record, packed, size);
    int status = 0;
    if (fwrite(record.data, 1, record.size, file->stream) < record.size ||
        fflush(file->stream) != 0)
        status = error_errno(err, "cannot write %s", file->path);
    buffer_release(&record);
    free(packed);
    return status;
}

static double wall_time(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* The format, and from which step on earlier files are out of date. */
static int put_beginning(struct event_file *file, int64_t first, struct error *err)
{
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    Tensorboard__SessionLog start = TENSORBOARD__SESSION_LOG__INIT;
    event.wall_time = wall_time();
    event.what_case = TENSORBOARD__EVENT__WHAT_FILE_VERSION;
    event.file_version = (char *)"brain.Event:2";
    if (put_event(file, &event, err) < 0)
        return -1;
    start.status = TENSORBOARD__SESSION_LOG__STATUS__START;
    event.step = first;
    event.what_case = TENSORBOARD__EVENT__WHAT_SESSION_LOG;
    event.session_log = &start;
    return put_event(file, &event, err);
}

int event_file_open(struct event_file *file, const char *folder, int64_t first, struct error *err)
{
    char host[HOST_NAME_ROOM];
    long long second;
    *file = (struct event_file){0};
    if (folder_create(folder, err) < 0 || next_second(folder, &second, err) < 0)
        return -1;
    host_name(host);
    char *name = memory_text("%s%010lld.%s.%ld.0", PREFIX, second, host, (long)getpid());
    file->path = path_join(folder, name);
    free(name);
    file->stream = fopen(file->path, "wbx");
    int status = file->stream ? 0 : error_errno(err, "cannot write %s", file->path);
    if (status == 0)
        status = put_beginning(file, first, err);
    if (status < 0)
        event_file_close(file);
    return status;
}

static void drop_values(struct event_file *file)
{
    for (int i = 0; i < file->count; i++) {
        free(file->values[i].tag);
        free(file->values[i].text);
    }
    file->count = 0;
}

void event_file_close(struct event_file *file)
{
    if (file->stream)
        fclose(file->stream);
    drop_values(file);
    free(file->values);
    free(file->path);
    *file = (struct event_file){0};
}

static void add_value(struct event_file *file, struct event_value value)
{
    ARRAY_RESERVE(file->values, (size_t)file->count + 1, file->capacity);
    file->values[file->count++] = value;
}

/* Strings of protocol buffers are UTF-8, and one that is not, as the name of a folder may be, has readers refuse the event
 * that it is in. */
void event_file_scalar(struct event_file *file, const char *tag, double number)
{
    add_value(file, (struct event_value){.tag = utf8_copy(tag), .number = number});
}

void event_file_text(struct event_file *file, const char *tag, const char *text)
{
    add_value(file, (struct event_value){.tag = utf8_copy(tag), .text = utf8_copy(text)});
}

/* A text is a tensor of one string, for the plug-in that shows texts. */
struct text_parts {
    Tensorboard__Tensor tensor;
    Tensorboard__Shape shape;
    Tensorboard__Dimension dimension, *dimensions;
    Tensorboard__Metadata metadata;
    Tensorboard__Plugin plugin;
    ProtobufCBinaryData string;
};

static void make_text(struct text_parts *parts, const char *text, Tensorboard__Value *value)
{
    *parts = (struct text_parts){.tensor = TENSORBOARD__TENSOR__INIT,
                                 .shape = TENSORBOARD__SHAPE__INIT,
                                 .dimension = TENSORBOARD__DIMENSION__INIT,
                                 .metadata = TENSORBOARD__METADATA__INIT,
                                 .plugin = TENSORBOARD__PLUGIN__INIT,
                                 .string = {.len = strlen(text), .data = (uint8_t *)text}};
    parts->dimension.size = 1;
    parts->dimensions = &parts->dimension;
    parts->shape.n_dimensions = 1;
    parts->shape.dimensions = &parts->dimensions;
    parts->tensor.dtype = TYPE_STRING;
    parts->tensor.shape = &parts->shape;
    parts->tensor.n_strings = 1;
    parts->tensor.strings = &parts->string;
    parts->plugin.name = (char *)"text";
    parts->metadata.plugin = &parts->plugin;
    value->metadata = &parts->metadata;
    value->value_case = TENSORBOARD__VALUE__VALUE_TENSOR;
    value->tensor = &parts->tensor;
}

int event_file_write(struct event_file *file, int64_t step, struct error *err)
{
    const size_t count = (size_t)file->count;
    Tensorboard__Event event = TENSORBOARD__EVENT__INIT;
    Tensorboard__Summary summary = TENSORBOARD__SUMMARY__INIT;
    Tensorboard__Value *values = memory_new(count + 1, sizeof *values);
    Tensorboard__Value **places = memory_new(count + 1, sizeof *places);
    struct text_parts *texts = memory_new(count + 1, sizeof *texts);
    for (size_t i = 0; i < count; i++) {
        const struct event_value *from = &file->values[i];
        tensorboard__value__init(&values[i]);
        places[i] = &values[i];
        values[i].tag = from->tag;
        if (from->text) {
            make_text(&texts[i], from->text, &values[i]);
        } else {
            values[i].value_case = TENSORBOARD__VALUE__VALUE_SIMPLE_VALUE;
            values[i].simple_value = (float)from->number;
        }
    }
    summary.n_values = count;
    summary.values = places;
    event.wall_time = wall_time();
    event.step = step;
    event.what_case = TENSORBOARD__EVENT__WHAT_SUMMARY;
    event.summary = &summary;
    const int status = put_event(file, &event, err);
    drop_values(file);
    free(values);
    free(places);
    free(texts);
    return status;
}
