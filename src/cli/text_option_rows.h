/* The options that commands which read text have in common (text/text_options.h). */
#ifndef LAMBERT_CLI_TEXT_OPTION_ROWS_H
#define LAMBERT_CLI_TEXT_OPTION_ROWS_H

#include "lambert/command/option.h"
#include "lambert/text/text_options.h"

/* clang-format off */
#define OPTION_TEXT_ROWS(type, member)                                                             \
    {.name = "encoding", .kind = OPTION_TEXT, OPTION_PLACE(type, member.encoding),                 \
     .metavar = "NAME", .standard = "UTF-8",                                                       \
     .help = "of files without a byte-order mark: any that iconv -l lists"},                       \
    {.name = "text-key", .kind = OPTION_TEXT, OPTION_PLACE(type, member.text_keys),                \
     .metavar = "KEYS", .standard = "text, content or raw_content",                                \
     .help = "of JSON: the keys of a document's texts, with commas; a.b for b in a"},              \
    {.name = "documents", .kind = OPTION_CHOICE, OPTION_PLACE(type, member.documents),             \
     OPTION_CHOICES(text_documents_names), .metavar = "WHERE",                                     \
     .help = "of plain text: blank-lines part documents, or each of its lines or files is one"},   \
    {.name = "wrapped", .kind = OPTION_FLAG, OPTION_PLACE(type, member.wrapped),                   \
     .help = "lines were broken to fit a page: join those up to a blank line"}
/* clang-format on */

#endif
