#include "input_contents.h"

#include <stddef.h>

#include "tfrecord.h"

/* An empty file may be either: a writer of TFRecords that had nothing to write leaves one. A stream
 * cannot be looked into and read again; it is text. */
int input_contents_find(const struct input_list *inputs, enum shard_contents *contents,
                        struct error *err)
{
    const char *tfrecord = NULL, *other = NULL;
    for (int i = 0; i < inputs->count && !(tfrecord && other); i++) {
        const struct input_file *file = &inputs->files[i];
        if (file->kind != INPUT_STREAM && file->bytes == 0)
            continue;
        if (file->kind != INPUT_STREAM && tfrecord_is(file->path))
            tfrecord = file->path;
        else
            other = file->path;
    }
    *contents = tfrecord ? SHARD_READY_SAMPLES : SHARD_DOCUMENTS_OF_TEXT;
    if (!tfrecord || !other)
        return 0;
    return error_set(err,
                     "%s holds TFRecords, but %s does not (or its beginning is damaged); prepare "
                     "text and TFRecords apart",
                     tfrecord, other);
}
