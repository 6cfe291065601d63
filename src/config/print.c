#include "schema.h"
#include "value.h"

/* One entry; nothing where none of its keys is wanted. */
static void print_entry(const struct section *section, const void *entry, bool result_only,
                        struct buffer *out)
{
    bool begun = false;
    for (int k = 0; k < section->key_count; k++) {
        const struct key *key = &section->keys[k];
        if (result_only && (!key->result || (key->sparse && value_is_standard(key, entry))))
            continue;
        if (!begun)
            buffer_print(out, "%s[%s%s%s]\n", out->size > 0 ? "\n" : "", section->name,
                         section->plural ? " " : "", section->plural ? (const char *)entry : "");
        begun = true;
        buffer_print(out, "%s = ", key->name);
        value_print(key, entry, out);
        if (out->data[out->size - 1] == ' ') /* an empty text: no space at the end of the line */
            out->size--;
        buffer_put_u8(out, '\n');
    }
}

void schema_print(const struct schema *schema, const void *config, bool result_only,
                  struct buffer *out)
{
    for (int i = 0; i < schema->count; i++) {
        const struct section *section = &schema->sections[i];
        for (int e = 0; section_is_used(section, config) && e < section_count(section, config); e++)
            print_entry(section, section_entry_const(section, config, e), result_only, out);
    }
}
