#include "lambert/run/product_shares.h"

#include <string.h>

#include "lambert/config/config.h"

void product_shares_take(const struct dist *dist, struct product_shares *shares)
{
    struct product_count own[2 * PRODUCT_MAKERS], counts[2 * PRODUCT_MAKERS];
    struct buffer all = {0};
    int kinds = product_counts_read(own);
    double sum = 0;
    dist_gather(dist, own, (size_t)kinds * sizeof *own, &all);
    kinds = 0;
    for (size_t at = 0; at < all.size; at += sizeof *own) {
        struct product_count more;
        memcpy(&more, all.data + at, sizeof more);
        sum += more.operations;
        kinds = product_counts_merge(counts, kinds, &more);
    }
    buffer_release(&all);
    product_counts_sort(counts, kinds);
    *shares = (struct product_shares){.count = kinds};
    for (int i = 0; i < kinds; i++) {
        struct product_share *row = &shares->at[i];
        memcpy(row->maker, counts[i].maker, sizeof row->maker);
        row->type = counts[i].type;
        row->operations = counts[i].operations;
        row->share = counts[i].operations / sum;
    }
}

void product_shares_print(const struct product_shares *shares, struct buffer *text)
{
    for (int i = 0; i < shares->count; i++) {
        const struct product_share *row = &shares->at[i];
        buffer_print(text, "%s%.2f%% by %s on %s", i > 0 ? ", " : "", 100 * row->share, row->maker,
                     config_word("train.compute_type", row->type));
    }
}
