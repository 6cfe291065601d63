#include "lambert/base/strings.h"

#include "lambert/base/buffer.h"
#include "lambert/base/memory.h"

char *shell_word(const char *text)
{
    struct buffer word = {0};
    buffer_put_u8(&word, '\'');
    for (const char *c = text; *c != '\0'; c++)
        if (*c == '\'')
            buffer_print(&word, "'\\''");
        else
            buffer_put(&word, c, 1);
    buffer_put_u8(&word, '\'');
    char *copy = memory_copy_text(buffer_text(&word));
    buffer_release(&word);
    return copy;
}
