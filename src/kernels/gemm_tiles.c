/* The engine that makes products out of tiles (tile.h).
 *
 * A product is made in passes: as much of B as fits in MOST_PACKED is packed into panels by all
 * threads, and then blocks of C are handed out as tasks (task_queue.h), each made by one thread
 * from its rows of A and all panels of its columns, BLOCK_K of the sum at a time. Few products need
 * more than one pass.
 *
 * The order in which an element of C is summed depends on k alone, never on how C is cut or on who
 * makes a block: that is why any number of threads gives the same bits. */
#include <omp.h>
#include <string.h>

#include "gemm_engine.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/task_queue.h"
#include "tile.h"

/* A panel of B, [BLOCK_K, NR], and the rows of A that a tile multiplies it by lie in the
 * first-level cache together; a block of A, [BLOCK_ROWS, BLOCK_K], and one of C in the second. */
enum {
    BLOCK_K = 384,
    BLOCK_ROWS = 128,
    BLOCK_COLUMNS = 1024,
    TRANSPOSED_COLUMNS = 1536, /* where A is copied once more for each block of columns */
    LEAST_COLUMNS = 256
};

/* Where A is transposed, its columns are copied in groups of MR; the groups lie this much farther
 * apart than they are long, so that they do not all fall into the same sets of the cache. It is a
 * multiple of 6 and of 8, the values of MR. */
enum { GROUP_MARGIN = 48 };

/* What is packed of B at a time: 8 MB, which stay in the third-level cache. */
enum { MOST_PACKED = 2 << 20 };

/* A block of A, copied in groups of at least 6 columns. */
enum { BLOCK_ELEMENTS = (BLOCK_ROWS + 8) * BLOCK_K + (BLOCK_ROWS / 6 + 1) * GROUP_MARGIN };

/* Where all products of this process work, one after the other (gemm.h). Taken by the first of
 * them, and anew when there are more threads; never given back. */
static struct {
    float *packed; /* [MOST_PACKED] */
    float *blocks; /* [threads, BLOCK_ELEMENTS] */
    int threads;
} workspace;

static size_t workspace_size(int threads)
{
    return (MOST_PACKED + (size_t)threads * BLOCK_ELEMENTS) * sizeof(float);
}

static float *take_memory(size_t elements)
{
    void *memory;
    struct error err;
    if (memory_big(&memory, elements * sizeof(float), "matrix products", &err) < 0)
        bug("%s", err.text);
    return memory;
}

static void workspace_reserve(int threads)
{
    if (!workspace.packed)
        workspace.packed = take_memory(MOST_PACKED);
    if (workspace.threads >= threads)
        return;
    memory_big_free(workspace.blocks, (size_t)workspace.threads * BLOCK_ELEMENTS * sizeof(float));
    workspace.blocks = take_memory((size_t)threads * BLOCK_ELEMENTS);
    workspace.threads = threads;
}

/* How many parts of a size make the whole, the last of them perhaps smaller. */
static int parts_of(int whole, int part)
{
    return (whole + part - 1) / part;
}

/* --- a pass ----------------------------------------------------------------------------------- */

/* What of the product is made with B packed once: columns [column, column + columns) of C, and of
 * their sums the terms [k_first, k_first + k). */
struct pass {
    const struct tile_kernels *tile;
    const struct gemm *gemm;
    int column, columns;
    int k_first, k;
    bool last;                     /* of these columns: C is finished behind it */
    int panels;                    /* of B, each [k, NR] */
    int block_rows, block_columns; /* of a task */
    int tasks;
};

static int count_tasks(const struct pass *pass)
{
    return parts_of(pass->gemm->m, pass->block_rows) * parts_of(pass->columns, pass->block_columns);
}

/* Large blocks have A read (or copied) less often, and leave whole rows together, where an epilogue
 * wants them; but each thread should have two tasks or more. Blocks of columns are halved first,
 * then blocks of rows; these stay multiples of MR and of ROW_BLOCK, which gemm.h promises to
 * epilogues. */
static void choose_blocks(struct pass *pass, int threads)
{
    const struct gemm_epilogue *then = pass->gemm->then;
    const bool whole_rows = then && then->whole_rows;
    const int columns = pass->gemm->form == GEMM_TN ? TRANSPOSED_COLUMNS : BLOCK_COLUMNS;
    const int width = pass->tile->columns;
    pass->block_rows = pass->tile->rows == 6 ? 96 : BLOCK_ROWS;
    pass->block_columns = whole_rows ? pass->columns : min_int(pass->columns, columns);
    while (!whole_rows && pass->block_columns > LEAST_COLUMNS && count_tasks(pass) < 2 * threads)
        pass->block_columns = parts_of(pass->block_columns / 2, width) * width;
    while (pass->block_rows > ROW_BLOCK && count_tasks(pass) < 2 * threads)
        pass->block_rows = pass->block_rows == 96 ? ROW_BLOCK : pass->block_rows / 2;
    pass->tasks = count_tasks(pass);
}

/* Panels that are packed together, so that rows of B are read in runs of 512 bytes. */
enum { PANELS_TOGETHER = 4 };

/* Packs panels [panel, panel + PANELS_TOGETHER) of one block of k. In `packed` the blocks of k
 * follow each other, and in each of them the panels. */
static void pack_panels(const struct pass *pass, int block, int panel)
{
    const struct gemm *p = pass->gemm;
    const int width = pass->tile->columns;
    const int first = block * BLOCK_K, k = min_int(BLOCK_K, pass->k - first);
    const int columns = min_int(PANELS_TOGETHER * width, pass->columns - panel * width);
    const size_t row = (size_t)(pass->k_first + first), ldb = (size_t)p->ldb;
    const size_t column = (size_t)(pass->column + panel * width);
    const bool transposed = p->form == GEMM_NT;
    const float *from =
        (const float *)p->b + (transposed ? column * ldb + row : row * ldb + column);
    float *to = workspace.packed +
                ((size_t)first * (size_t)pass->panels + (size_t)panel * (size_t)k) * (size_t)width;
    pass->tile->pack(transposed, columns, k, from, p->ldb, to);
}

/* Asks for elements that are needed in a while. */
static void prefetch(const float *from, size_t elements)
{
    enum { LINE = 16 };
    for (size_t i = 0; i < elements; i += LINE)
        __builtin_prefetch(from + i, 0, 2);
}

/* Adds one block of k to a block of C: rows [row, row + rows), columns [column, column + columns)
 * of the pass. `memory` is this thread's, for a copy of A. */
static void multiply_block(const struct pass *pass, int row, int rows, int column, int columns,
                           int block, float *memory)
{
    const struct gemm *p = pass->gemm;
    const struct tile_kernels *tile = pass->tile;
    const int first = block * BLOCK_K, k = min_int(BLOCK_K, pass->k - first);
    const size_t k_at = (size_t)(pass->k_first + first), lda = (size_t)p->lda, ldc = (size_t)p->ldc;
    const float beta = k_at == 0 ? p->beta : 1; /* later blocks add to what the first has left */
    const float *packed =
        workspace.packed + (size_t)first * (size_t)pass->panels * (size_t)tile->columns;

    /* A as tile->multiply() wants it: row i of the block, a multiple of MR, begins at i * step. It
     * is read where it lies, or, where it is transposed, copied in groups of MR. */
    const bool transposed = p->form == GEMM_TN;
    const float *a =
        (const float *)p->a + (transposed ? k_at * lda + (size_t)row : (size_t)row * lda + k_at);
    const size_t group = (size_t)tile->rows;
    const size_t step = transposed ? (size_t)k + GROUP_MARGIN / group : lda;
    const int row_step = transposed ? 1 : p->lda, k_step = transposed ? tile->rows : 1;
    if (transposed) {
        tile->group(rows, k, a, p->lda, memory, (size_t)k * group + GROUP_MARGIN);
        a = memory;
    }

    /* A panel is multiplied by all rows of the block, while it lies in the first-level cache; the
     * next one is fetched into the second meanwhile, a part with each tile. */
    for (int j = 0; j < columns; j += tile->columns) {
        const float *panel = packed + (size_t)(column + j) * (size_t)k;
        const float *ahead = panel + (size_t)tile->columns * (size_t)k;
        float *c = p->c + (size_t)row * ldc + pass->column + column + j;
        for (int i = 0; i < rows; i += tile->rows, c += (size_t)tile->rows * ldc) {
            const int tile_rows = min_int(tile->rows, rows - i);
            for (int r = 0; r < tile_rows; r++)
                prefetch(c + (size_t)r * ldc, (size_t)tile->columns);
            tile->multiply(tile_rows, min_int(tile->columns, columns - j), k, a + (size_t)i * step,
                           row_step, k_step, panel,
                           ahead + (size_t)(i / tile->rows) * 2 * (size_t)k, beta, c, p->ldc);
        }
    }
}

static void make_block(const struct pass *pass, int task, float *memory)
{
    const struct gemm *p = pass->gemm;
    const int across = parts_of(pass->columns, pass->block_columns);
    const int row = task / across * pass->block_rows;
    const int column = task % across * pass->block_columns;
    const int rows = min_int(pass->block_rows, p->m - row);
    const int columns = min_int(pass->block_columns, pass->columns - column);
    double begun = profile_begin();
    for (int block = 0; block * BLOCK_K < pass->k; block++)
        multiply_block(pass, row, rows, column, columns, block, memory);
    profile_end(p->profile, begun);
    if (pass->last && p->then)
        p->then->part(p->then->context, row, rows, pass->column + column, columns);
}

static void run_pass(struct pass *pass)
{
    const int groups = parts_of(pass->panels, PANELS_TOGETHER);
    const int blocks = parts_of(pass->k, BLOCK_K);
    const bool by_columns = pass->gemm->form == GEMM_NT; /* the order in which B lies in memory */
    choose_blocks(pass, omp_get_max_threads());
    task_queue_reset(pass->tasks);
#pragma omp parallel
    {
        float *memory = workspace.blocks + (size_t)omp_get_thread_num() * BLOCK_ELEMENTS;
        double begun = profile_begin();
#pragma omp for schedule(static) nowait
        for (int i = 0; i < blocks * groups; i++)
            pack_panels(pass, by_columns ? i % blocks : i / groups,
                        (by_columns ? i / blocks : i % groups) * PANELS_TOGETHER);
        profile_end(pass->gemm->profile, begun);
#pragma omp barrier
        for (int task = task_queue_next(); task >= 0; task = task_queue_next())
            make_block(pass, task, memory);
    }
}

/* --- the engine ------------------------------------------------------------------------------- */

/* As many columns as are packed at a time where a block of k is full. */
static int widest(void)
{
    const struct tile_kernels *tile = kernels->tile;
    return MOST_PACKED / BLOCK_K / tile->columns * tile->columns;
}

static void parallel(const struct gemm *gemm)
{
    const struct tile_kernels *tile = kernels->tile;
    const int n = gemm->n, k = gemm->k;
    workspace_reserve(omp_get_max_threads());
    /* Rows are packed as wide as possible, and then k as deep as leaves them in MOST_PACKED, in
     * whole blocks of k, so that the order of sums stays the same. */
    const int fits = k < BLOCK_K ? MOST_PACKED / k / tile->columns * tile->columns : widest();
    const int columns = min_int(n, fits);
    const int padded = parts_of(columns, tile->columns) * tile->columns;
    const int depth = MOST_PACKED / padded / BLOCK_K * BLOCK_K;
    const int step = depth == 0 || k <= depth ? k : depth;
    for (int column = 0; column < n; column += columns)
        for (int first = 0; first < k; first += step) {
            struct pass pass = {.tile = tile,
                                .gemm = gemm,
                                .column = column,
                                .columns = min_int(columns, n - column),
                                .k_first = first,
                                .k = min_int(step, k - first),
                                .last = first + step >= k};
            pass.panels = parts_of(pass.columns, tile->columns);
            run_pass(&pass);
        }
}

static void pack(const struct gemm *p, void *packed)
{
    const struct tile_kernels *tile = kernels->tile;
    const bool transposed = p->form == GEMM_NT;
    for (int j = 0; j < p->n; j += tile->columns)
        tile->pack(transposed, min_int(tile->columns, p->n - j), p->k,
                   (const float *)p->b + (transposed ? (size_t)j * (size_t)p->ldb : (size_t)j),
                   p->ldb, (float *)packed + (size_t)j * (size_t)p->k);
}

/* On one thread, with A where it lies whatever its form: these products are small. */
static void multiply_packed(const struct gemm *p)
{
    const struct tile_kernels *tile = kernels->tile;
    const bool transposed = p->form == GEMM_TN;
    const size_t row_step = transposed ? 1 : (size_t)p->lda;
    const size_t k_step = transposed ? (size_t)p->lda : 1;
    for (int first = 0; first < p->k; first += BLOCK_K) {
        const int k = min_int(BLOCK_K, p->k - first);
        const float beta = first == 0 ? p->beta : 1;
        const float *a = (const float *)p->a + (size_t)first * k_step;
        for (int j = 0; j < p->n; j += tile->columns) {
            const float *panel = (const float *)p->b + (size_t)j * (size_t)p->k +
                                 (size_t)first * (size_t)tile->columns;
            for (int i = 0; i < p->m; i += tile->rows)
                tile->multiply(min_int(tile->rows, p->m - i), min_int(tile->columns, p->n - j), k,
                               a + (size_t)i * row_step, (int)row_step, (int)k_step, panel, p->b,
                               beta, p->c + (size_t)i * (size_t)p->ldc + j, p->ldc);
        }
    }
}

const struct gemm_engine gemm_tiles = {.parallel = parallel,
                                       .pack = pack,
                                       .packed = multiply_packed,
                                       .widest = widest,
                                       .memory = workspace_size};
