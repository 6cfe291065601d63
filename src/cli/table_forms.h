/* The words for how rows lie in a file of texts, for options. */
#ifndef LAMBERT_CLI_TABLE_FORMS_H
#define LAMBERT_CLI_TABLE_FORMS_H

#include "lambert/examples/task.h"

static const char *const table_form_names[] = {
    [TABLE_BY_NAME] = "by_name", [TABLE_TSV] = "tsv", [TABLE_CSV] = "csv", [TABLE_JSON] = "json"};

#endif
