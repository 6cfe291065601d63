#include "prepare_report.h"

#include <stddef.h>

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct prepare_report, name)                                               \
    }

static const struct {
    const char *name;
    size_t offset;
} fields[] = {
    FIELD(input_bytes),
    FIELD(files),
    FIELD(documents),
    FIELD(empty_documents),
    FIELD(heldout_documents),
    FIELD(one_sentence_documents),
    FIELD(cut_documents),
    FIELD(unclosed_documents),
    FIELD(damaged_lines),
    FIELD(lines),
    FIELD(text_bytes),
    FIELD(documents_per_print),
    FIELD(lines_per_print),
    FIELD(duplicate_documents),
    FIELD(duplicate_document_bytes),
    FIELD(duplicate_lines),
    FIELD(duplicate_line_bytes),
    FIELD(sentences),
    FIELD(tokens),
    FIELD(words),
    FIELD(unknown_words),
    FIELD(invalid_bytes),
    FIELD(corpus_bytes),
};

const int prepare_report_fields = sizeof fields / sizeof fields[0];

const char *prepare_report_name(int field)
{
    return fields[field].name;
}

uint64_t *prepare_report_field(struct prepare_report *report, int field)
{
    return (uint64_t *)(void *)((char *)report + fields[field].offset);
}

void prepare_report_add(struct prepare_report *into, const struct prepare_report *part)
{
    struct prepare_report copy = *part;
    for (int f = 0; f < prepare_report_fields; f++)
        *prepare_report_field(into, f) += *prepare_report_field(&copy, f);
}
