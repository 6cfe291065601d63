#include "word_list.h"

#include <stdint.h>
#include <string.h>

/* The first bytes as a number that is in the order of the bytes. */
static uint64_t head_of(const char word[LONGEST_LISTED])
{
    uint64_t head;
    memcpy(&head, word, sizeof head);
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
    head = __builtin_bswap64(head);
#endif
    return head;
}

/* Words that share their first bytes are few: the first of them is found by halving without a
 * branch, which no processor could foretell, and the others are walked through. */
unsigned word_list_find(const struct listed_word *list, size_t count, const char *word, size_t size)
{
    char wanted[LONGEST_LISTED] = "";
    const struct listed_word *found = list, *const end = list + count;
    if (size == 0 || size > LONGEST_LISTED || word[size - 1] == 0)
        return 0;
    memcpy(wanted, word, size);
    const uint64_t head = head_of(wanted);
    for (size_t half; (half = count / 2) > 0; count -= half)
        found += head_of(found[half - 1].word) < head ? half : 0;
    for (found += found < end && head_of(found->word) < head;
         found < end && head_of(found->word) == head; found++)
        if (memcmp(found->word, wanted, LONGEST_LISTED) == 0)
            return found->number;
    return 0;
}
