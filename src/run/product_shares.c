#include "lambert/run/product_shares.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lambert/config/config.h"
#include "lambert/kernels/product_counts.h"

/* Adds to the row of that maker and type, which is begun where there is none. */
static void add(struct product_shares *shares, const struct product_share *more)
{
    int i = 0;
    while (i < shares->count &&
           (shares->at[i].type != more->type || strcmp(shares->at[i].maker, more->maker) != 0))
        i++;
    require(i < PRODUCT_SHARES_MOST);
    if (i == shares->count)
        shares->at[shares->count++] = *more;
    else
        shares->at[i].operations += more->operations;
}

static int by_operations(const void *a, const void *b)
{
    const struct product_share *x = a, *y = b;
    return (x->operations < y->operations) - (x->operations > y->operations);
}

void product_shares_take(const struct dist *dist, struct product_shares *shares)
{
    struct product_count counts[2 * PRODUCT_MAKERS];
    struct product_share own[2 * PRODUCT_MAKERS] = {{.share = 0}};
    struct buffer all = {0};
    const int kinds = product_counts_read(counts);
    double sum = 0;
    for (int i = 0; i < kinds; i++) {
        own[i].type = counts[i].type;
        own[i].operations = counts[i].operations;
        snprintf(own[i].maker, PRODUCT_MAKER_TEXT, "%s", counts[i].maker);
    }
    dist_gather(dist, own, (size_t)kinds * sizeof *own, &all);
    *shares = (struct product_shares){0};
    for (size_t at = 0; at < all.size; at += sizeof *own) {
        struct product_share more;
        memcpy(&more, all.data + at, sizeof more);
        sum += more.operations;
        add(shares, &more);
    }
    buffer_release(&all);
    qsort(shares->at, (size_t)shares->count, sizeof *shares->at, by_operations);
    for (int i = 0; i < shares->count; i++)
        shares->at[i].share = shares->at[i].operations / sum;
}

void product_shares_print(const struct product_shares *shares, struct buffer *text)
{
    for (int i = 0; i < shares->count; i++) {
        const struct product_share *row = &shares->at[i];
        buffer_print(text, "%s%.2f%% by %s on %s", i > 0 ? ", " : "", 100 * row->share, row->maker,
                     config_word("train.compute_type", row->type));
    }
}
