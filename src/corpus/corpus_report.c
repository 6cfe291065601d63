#include "lambert/corpus/corpus_report.h"

#include <stddef.h>

#define FIELD(name)                                                                                \
    {                                                                                              \
#name, offsetof(struct corpus_report, name), false                                         \
    }
#define LATE_FIELD(name)                                                                           \
    {                                                                                              \
#name, offsetof(struct corpus_report, name), true                                          \
    }

static const struct {
    const char *name;
    size_t offset;
    bool late;
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
    LATE_FIELD(dropped_documents),
    LATE_FIELD(dropped_document_bytes),
    LATE_FIELD(excluded_documents),
    LATE_FIELD(excluded_document_bytes),
    LATE_FIELD(exclusion_words),
    LATE_FIELD(exclusion_ngrams),
    LATE_FIELD(keyless_lines),
    LATE_FIELD(textless_lines),
    LATE_FIELD(action_lines),
    LATE_FIELD(unparted_files),
    LATE_FIELD(unparted_lines),
    LATE_FIELD(wrapped_bytes),
    LATE_FIELD(characters),
    LATE_FIELD(accents),
};

const int corpus_report_fields = sizeof fields / sizeof fields[0];

const char *corpus_report_name(int field)
{
    return fields[field].name;
}

bool corpus_report_is_late(int field)
{
    return fields[field].late;
}

uint64_t *corpus_report_field(struct corpus_report *report, int field)
{
    return (uint64_t *)(void *)((char *)report + fields[field].offset);
}

uint64_t corpus_report_kept(const struct corpus_report *report)
{
    return report->documents - report->empty_documents - report->dropped_documents -
           report->excluded_documents;
}

void corpus_report_add(struct corpus_report *into, const struct corpus_report *part)
{
    struct corpus_report copy = *part;
    for (int f = 0; f < corpus_report_fields; f++)
        *corpus_report_field(into, f) += *corpus_report_field(&copy, f);
}
