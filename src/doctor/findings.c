#include "findings.h"

#include <stdarg.h>
#include <stdio.h>

#include "lambert/base/array.h"
#include "lambert/base/buffer.h"

static void add(struct findings *findings, enum finding_level level, enum finding_place place,
                const char *cure, const char *format, va_list args)
{
    struct buffer text = {0};
    buffer_vprint(&text, format, args);
    ARRAY_RESERVE(findings->list, findings->count + 1, findings->capacity);
    struct finding *finding = &findings->list[findings->count++];
    *finding = (struct finding){.level = level, .place = place, .rank = findings->rank};
    snprintf(finding->host, sizeof finding->host, "%s", findings->host);
    error_set(&finding->what, "%s", buffer_text(&text));
    error_set(&finding->cure, "%s", cure);
    buffer_release(&text);
}

void find_well(struct findings *findings, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(findings, FINDING_WELL, OF_JOB, "", format, args);
    va_end(args);
}

void find(struct findings *findings, enum finding_level level, enum finding_place place,
          const char *cure, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    add(findings, level, place, cure, format, args);
    va_end(args);
}
