#include "lib/unit.h"

#include <string.h>

#include "lambert/command/pages.h"
#include "sample.h"

static void the_help_of_a_command(void **state)
{
    (void)state;
    struct buffer text = {0};
    command_help(&command_sample, "lambert sample", &text);
    assert_string_equal(
        buffer_text(&text),
        "usage: lambert sample --output FILE [options] [PLACE] INPUT...\n"
        "       mpirun -n RANKS lambert sample ...\n"
        "\n"
        "One paragraph that is filled into lines of one width, however its author broke them, and "
        "with\n"
        "blanks as one.\n"
        "\n"
        "  as   it\n"
        "  is\n"
        "\n"
        ".The 'last' C:\\one, √𝄞 for é.\n"
        "\n"
        "  --output FILE  where to write\n"
        "  --size N       entries of which there is so much to say that the sentence goes on in "
        "another\n"
        "                 line, below its beginning (6 to 100; default: 20)\n"
        "  --seed N       of it all (0 or more; default: 1)\n"
        "  --share F      how much (0 to 0.9; default: a half)\n"
        "  --a-colour-of-a-very-long-name COLOUR\n"
        "                 of the rest (red, green or blue; default: blue)\n"
        "  --help         this text\n"
        "\n"
        "example:\n"
        "  lambert sample --output 'a b' c\n"
        "\n"
        "more\n");
    buffer_release(&text);
}

static void the_help_of_a_group(void **state)
{
    (void)state;
    struct buffer text = {0};
    command_help(&command_group, "lambert", &text);
    assert_string_equal(buffer_text(&text), "usage: lambert COMMAND ...\n"
                                            "\n"
                                            "  sample  a command for a test\n"
                                            "  local   a command that may fail\n"
                                            "\n"
                                            "lambert COMMAND --help says more.\n");
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_help_of_a_command),
        cmocka_unit_test(the_help_of_a_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
