#include "lib/scratch.h"

#include <string.h>

#include "lambert/base/nearest.h"

static const char *said(const char *wanted, struct error *err)
{
    static const char *const names[] = {"model.hidden_size", "model.hidden_act", "train", "eval"};
    struct nearest nearest;
    nearest_init(&nearest, wanted);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        nearest_offer(&nearest, names[i]);
    assert_int_equal(nearest_error(&nearest, "unknown thing", "look elsewhere", err), -1);
    return err->text;
}

static void what_was_meant(void **state)
{
    (void)state;
    struct error err;
    assert_string_equal(said("trian", &err), "unknown thing 'trian'; did you mean 'train'?");
    assert_string_equal(said("evl", &err), "unknown thing 'evl'; did you mean 'eval'?");
    assert_string_equal(said("data.hidden_size", &err),
                        "unknown thing 'data.hidden_size'; did you mean 'model.hidden_size'?");
    assert_string_equal(said("hiden_act", &err),
                        "unknown thing 'hiden_act'; did you mean 'model.hidden_act'?");
}

static void nothing_near(void **state)
{
    (void)state;
    struct error err;
    assert_string_equal(said("qqqqqqq", &err), "unknown thing 'qqqqqqq'; look elsewhere");
    char longer[400];
    memset(longer, 'x', sizeof longer);
    longer[sizeof longer - 1] = '\0';
    assert_non_null(strstr(said(longer, &err), "look elsewhere"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_was_meant),
        cmocka_unit_test(nothing_near),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
