/* Leaves one document of each text in the corpus, the first in the order of the input.
 *
 * Which documents are copies is known only when all chunks are done, by whichever ranks, and standard
 * input is not to be read twice: so the shards are written as they come, and those that hold a copy
 * are written anew. What that costs is read, inflated, deflated and written once more, and nothing is
 * tokenised; where there are no copies, it costs reading the documents' hashes. */
#include <inttypes.h>
#include <omp.h>
#include <stdlib.h>

#include "chunk_drop.h"
#include "lambert/base/array.h"
#include "lambert/base/first_error.h"
#include "preparation.h"

enum { MOST_AT_ONCE = 1 << 23 }; /* hashes of documents that are compared at once, in 134 MB */

int prepare_find_duplicates(struct preparation *p, struct error *err)
{
    if (!p->options.drop_duplicates)
        return 0;
    return duplicate_list_find(&p->duplicates, &p->plan, preparation_chunks(p), MOST_AT_ONCE, err);
}

/* What each thread has of its own. */
struct drop_worker {
    struct chunk chunk;
    bool *dropped; /* [documents of the chunk] */
    size_t capacity;
};

/* Of parts without a copy nothing is read. */
static int drop_from_part(struct drop_worker *worker, const struct duplicate_list *list,
                          size_t number, struct error *err)
{
    struct chunk *chunk = &worker->chunk;
    const struct duplicate_part *part = &list->parts[number];
    const size_t documents = duplicate_list_documents(list, number);
    ARRAY_RESERVE(worker->dropped, documents, worker->capacity);
    if (!duplicate_list_get(list, part->first, documents, worker->dropped))
        return 0;
    if (chunk_read(chunk, part->chunk, part->part, err) < 0)
        return -1;
    if (chunk->documents.count != documents)
        return error_set(err,
                         "the record of part %" PRIu32 " of chunk %" PRIu64
                         " in %s was changed by another program; prepare the corpus again",
                         part->part, part->chunk, chunk->plan->folder);
    return chunk_drop(chunk, worker->dropped, err);
}

/* Parts are dealt out to the ranks one by one: no part is another's business. */
int prepare_drop_duplicates(struct preparation *p, struct error *err)
{
    const struct duplicate_list *list = &p->duplicates;
    const size_t rank = (size_t)p->rank, ranks = (size_t)p->ranks;
    struct first_error first;
    first_error_init(&first);
#pragma omp parallel
    {
        struct drop_worker worker = {0};
        struct error failure;
        chunk_init(&worker.chunk, &p->plan);
#pragma omp for schedule(dynamic)
        for (size_t i = rank; i < list->count; i += ranks)
            if (!first_error_set(&first) && drop_from_part(&worker, list, i, &failure) < 0)
                first_error_put(&first, &failure);
        chunk_release(&worker.chunk);
        free(worker.dropped);
    }
    return first_error_take(&first, err);
}
