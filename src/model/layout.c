#include "layout.h"

#include <stdio.h>
#include <stdlib.h>

#include "lambert/base/memory.h"

/* The offset of the tensor called prefix + suffix; the table was made from the same configuration,
 * so a name that is not there is a bug. */
static size_t offset_of(const struct param_table *table, const char *prefix, const char *suffix)
{
    char name[192];
    snprintf(name, sizeof name, "%s%s", prefix, suffix);
    int number = param_table_find(table, name);
    if (number < 0)
        bug("the parameter table has no tensor '%s'", name);
    return table->infos[number].offset;
}

static struct linear_layout linear_at(const struct param_table *table, const char *prefix,
                                      const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "%s%s", prefix, name);
    return (struct linear_layout){.weight = offset_of(table, path, ".weight"),
                                  .bias = offset_of(table, path, ".bias")};
}

static struct norm_layout norm_at(const struct param_table *table, const char *prefix,
                                  const char *name)
{
    struct linear_layout offsets = linear_at(table, prefix, name);
    return (struct norm_layout){.weight = offsets.weight, .bias = offsets.bias};
}

static struct block_layout block_at(const struct param_table *table, int layer)
{
    char prefix[64];
    snprintf(prefix, sizeof prefix, "bert.encoder.layer.%d.", layer);
    return (struct block_layout){
        .qkv = linear_at(table, prefix, "attention.self.query"),
        .output = linear_at(table, prefix, "attention.output.dense"),
        .attention_norm = norm_at(table, prefix, "attention.output.LayerNorm"),
        .up = linear_at(table, prefix, "intermediate.dense"),
        .down = linear_at(table, prefix, "output.dense"),
        .norm = norm_at(table, prefix, "output.LayerNorm"),
    };
}

/* Where the tensor behind the last layer's last one begins. */
static size_t heads_offset(const struct param_table *table, int layers)
{
    char name[96];
    snprintf(name, sizeof name, "bert.encoder.layer.%d.output.LayerNorm.bias", layers - 1);
    const int next = param_table_find(table, name) + 1;
    return next < table->count ? table->infos[next].offset : table->size;
}

void bert_layout_init(struct bert_layout *layout, const struct param_table *table, int layers)
{
    const char *embeddings = "bert.embeddings.";
    *layout = (struct bert_layout){
        .word = offset_of(table, embeddings, "word_embeddings.weight"),
        .position = offset_of(table, embeddings, "position_embeddings.weight"),
        .type = offset_of(table, embeddings, "token_type_embeddings.weight"),
        .embedding_norm = norm_at(table, embeddings, "LayerNorm"),
        .blocks = memory_new((size_t)layers, sizeof(struct block_layout)),
        .heads = heads_offset(table, layers),
    };
    if (param_table_find(table, "bert.pooler.dense.weight") >= 0)
        layout->pooler = linear_at(table, "bert.pooler.", "dense");
    for (int l = 0; l < layers; l++)
        layout->blocks[l] = block_at(table, l);
    for (int l = 0; l < layers; l++)
        layout->blocks[l].end = l + 1 < layers ? layout->blocks[l + 1].qkv.weight : layout->heads;
}

void bert_layout_release(struct bert_layout *layout)
{
    free(layout->blocks);
    *layout = (struct bert_layout){0};
}
