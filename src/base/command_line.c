#include "lambert/base/command_line.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/base/file.h"
#include "lambert/base/memory.h"
#include "lambert/base/strings.h"

/* What no shell takes for anything else. */
static const char plain_characters[] =
    "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";

/* main()'s argv would have to go through every layer; the system keeps the same words, each with a NUL behind it. */
char *command_line(void)
{
    struct buffer words = {0}, line = {0};
    struct error ignored; /* a log without it is a log */
    if (file_read("/proc/self/cmdline", &words, &ignored) < 0)
        buffer_reset(&words);
    const char *word = buffer_text(&words), *end = word + words.size;
    for (; word < end; word += strlen(word) + 1) {
        const bool plain = word[0] != '\0' && word[strspn(word, plain_characters)] == '\0';
        char *shell = plain ? memory_copy_text(word) : shell_word(word);
        buffer_print(&line, "%s%s", line.size > 0 ? " " : "", shell);
        free(shell);
    }
    char *text = memory_copy_text(line.size > 0 ? buffer_text(&line) : "?");
    buffer_release(&words);
    buffer_release(&line);
    return text;
}
