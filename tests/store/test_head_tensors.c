/* Which tensors are a head's, and how a stored shape meets the wanted one. */
#include "store/head_tensors.h"

#include "lib/unit.h"

static void heads_by_name(void **state)
{
    (void)state;
    static const struct {
        const char *tensor, *head; /* NULL: of the encoder */
    } tensors[] = {
        {"bert.pooler.dense.weight", "bert.pooler."},
        {"pooler.dense.bias", "bert.pooler."},
        {"cls.predictions.transform.LayerNorm.weight", "cls.predictions."},
        {"cls.predictions.bias", "cls.predictions."},
        {"cls.seq_relationship.bias", "cls.seq_relationship."},
        {"classifier.weight", "classifier."},
        {"qa_outputs.bias", "qa_outputs."},
        {"bert.embeddings.word_embeddings.weight", NULL},
        {"embeddings.LayerNorm.bias", NULL},
        {"bert.encoder.layer.0.output.dense.weight", NULL},
        {"bert.poolers", NULL},
        {"classifier", NULL},
        {"predictions.bias", NULL},
        {"", NULL},
    };
    for (size_t i = 0; i < sizeof tensors / sizeof *tensors; i++) {
        const char *head = head_of(tensors[i].tensor);
        assert_int_equal(head != NULL, tensors[i].head != NULL);
        if (head)
            assert_string_equal(head, tensors[i].head);
    }
}

static void fits_by_shape(void **state)
{
    (void)state;
    static const struct param_info classifier = {
        .name = "classifier.weight", .dimensions = 2, .shape = {2, 8}};
    static const struct param_info bias = {
        .name = "classifier.bias", .dimensions = 1, .shape = {2, 0}};
    static const struct param_info ends = {
        .name = "qa_outputs.weight", .dimensions = 2, .shape = {2, 8}};
    static const struct {
        const struct param_info *info;
        int dimensions;
        int64_t shape[2];
        enum tensor_fit fit;
    } cases[] = {
        {&classifier, 2, {2, 8}, TENSOR_FITS},
        {&classifier, 2, {3, 8}, TENSOR_OF_OTHER_LABELS},
        {&classifier, 2, {2, 9}, TENSOR_MISFITS},
        {&classifier, 2, {3, 9}, TENSOR_MISFITS},
        {&classifier, 1, {2, 8}, TENSOR_MISFITS},
        {&bias, 1, {2, 7}, TENSOR_FITS}, /* the second is not there */
        {&bias, 1, {1, 0}, TENSOR_OF_OTHER_LABELS},
        {&bias, 2, {2, 0}, TENSOR_MISFITS},
        {&ends, 2, {2, 8}, TENSOR_FITS},
        {&ends, 2, {3, 8}, TENSOR_MISFITS},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        assert_int_equal(tensor_fit(cases[i].info, cases[i].dimensions, cases[i].shape),
                         cases[i].fit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(heads_by_name),
        cmocka_unit_test(fits_by_shape),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
