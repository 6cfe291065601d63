#include "score/values.h"

#include <math.h>
#include <stdio.h>

#include "lambert/base/buffer.h"

void check_values(struct scoring *scoring, const uint32_t *weights, const char *expected)
{
    struct metric_values values;
    struct buffer got = {0};
    scoring_metrics(scoring, weights, &values);
    for (int m = 0; m < values.count; m++) {
        assert_true(metric_exists(scoring_kind(scoring), values.at[m].name));
        buffer_print(&got, "%s%s ", m > 0 ? ", " : "", values.at[m].name);
        if (isnan(values.at[m].value)) /* whatever its sign */
            buffer_print(&got, "nan");
        else
            buffer_print(&got, "%.6g", values.at[m].value);
    }
    assert_string_equal(buffer_text(&got), expected);
    buffer_release(&got);
    scoring_free(scoring);
}

void check_value(const struct scoring *scoring, const uint32_t *weights, const char *name,
                 double expected)
{
    struct metric_values values;
    scoring_metrics(scoring, weights, &values);
    const double value = metric_values_find(&values, name);
    if (!(fabs(value - expected) <= 1e-14 * fmax(1, fabs(expected))))
        fail_msg("%s is %.17g, not %.17g", name, value, expected);
}

void numbered_labels(struct label_set *set, int count)
{
    struct error err;
    struct buffer text = {0};
    for (int i = 0; i < count; i++)
        buffer_print(&text, "%d\n", i);
    const char *list = buffer_text(&text);
    assert_int_equal(label_set_parse(set, list, text.size, "labels", &err), 0);
    buffer_release(&text);
}
