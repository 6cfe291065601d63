/* Calls a fuzz target for files, in the place of libFuzzer:
 *
 *     build/tests/fuzz/fuzz_NAME FILE ... */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz.h"
#include "lambert/base/buffer.h"

static void read_file(struct buffer *bytes, const char *path)
{
    char part[4096];
    FILE *file = fopen(path, "rb");
    if (!file)
        bug("cannot open %s", path);
    for (size_t count; (count = fread(part, 1, sizeof part, file)) > 0;)
        buffer_put(bytes, part, count);
    if (ferror(file))
        bug("cannot read %s", path);
    fclose(file);
}

/* From a copy of just that size, so that tools see a look beyond its end. */
static void replay(const struct buffer *bytes)
{
    uint8_t *copy = malloc(bytes->size ? bytes->size : 1);
    require(copy);
    if (bytes->size > 0)
        memcpy(copy, bytes->data, bytes->size);
    LLVMFuzzerTestOneInput(copy, bytes->size);
    free(copy);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        struct buffer bytes = {0};
        read_file(&bytes, argv[i]);
        replay(&bytes);
        buffer_release(&bytes);
    }
    printf("%d files\n", argc - 1);
    return argc == 1;
}
