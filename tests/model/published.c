#include "published.h"

const struct bert_config bert_base = {.layers = 12,
                                      .hidden = 768,
                                      .heads = 12,
                                      .intermediate = 3072,
                                      .vocab = 30522,
                                      .positions = 512,
                                      .types = 2};
const struct bert_config bert_large = {.layers = 24,
                                       .hidden = 1024,
                                       .heads = 16,
                                       .intermediate = 4096,
                                       .vocab = 30522,
                                       .positions = 512,
                                       .types = 2};
