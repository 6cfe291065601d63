/* The engine that makes products out of tiles (tile.h).
 *
 * A product is made in passes: as much of B as fits in MOST_PACKED is packed into panels by all
 * threads, and then blocks of C are handed out as tasks (task_queue.h), each made by one thread
 * from its rows of A and all panels of its columns, BLOCK_WORDS of the sum at a time. Few products
 * need more than one pass.
 *
 * The order in which an element of C is summed depends on k alone, never on how C is cut or on who
 * makes a block: that is why any number of threads gives the same bits. */
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>

#include "gemm_engine.h"
#include "lambert/base/clock.h"
#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/kernels.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/task_queue.h"
#include "tile.h"

/* All sizes are in words (tile.h). A panel of B, [BLOCK_WORDS, NR], and the rows of A that a tile
 * multiplies it by lie in the first-level cache together; a block of A, [BLOCK_ROWS, BLOCK_WORDS],
 * and one of C in the second. */
enum {
    BLOCK_WORDS = 384,
    BLOCK_ROWS = 128,
    BLOCK_COLUMNS = 1024,
    TRANSPOSED_COLUMNS = 1536, /* where A is copied once more for each block of columns */
    LEAST_COLUMNS = 256
};

/* Where A is transposed, its columns are copied in groups of MR; the groups lie this much farther
 * apart than they are long, so that they do not all fall into the same sets of the cache. It is a
 * multiple of 6 and of 8, values of MR. */
enum { GROUP_MARGIN = 48 };

/* What is packed of B at a time: 8 MB, which stay in the third-level cache. */
enum { MOST_PACKED = 2 << 20 };

/* A block of A, copied in groups of at least 6 columns, or in rows. */
enum { BLOCK_COPY = (BLOCK_ROWS + TILE_MOST_ROWS) * (BLOCK_WORDS + TILE_ROW_MARGIN) };

/* Rows of A are this long where tiles are tried out. */
enum { TRIED_ROW = 3072 };

/* --- memory ----------------------------------------------------------------------------------- */

/* Where all products of this process work, one after the other (gemm.h). Taken by the first of
 * them, and anew when there are more threads or a product needs more; never given back. */
static struct {
    float *packed; /* [packed_size] */
    size_t packed_size;
    float *copies; /* [threads, BLOCK_COPY] of A */
    float *parts;  /* [threads, part_size] of C where it has no place of its own; NULL: none yet */
    size_t part_size;
    int threads;
} workspace;

static size_t workspace_size(int threads)
{
    return (MOST_PACKED + (size_t)threads * BLOCK_COPY) * sizeof(float);
}

/* Grows an array, whose content is nobody's. */
static void take_memory(float **memory, size_t before, size_t elements)
{
    void *more;
    struct error err;
    if (*memory)
        memory_big_free(*memory, before * sizeof(float));
    if (memory_big(&more, elements * sizeof(float), "matrix products", &err) < 0)
        end_process("%s", err.text);
    *memory = more;
}

static void reserve_packed(size_t words)
{
    const size_t wanted = max_size(words, MOST_PACKED);
    if (workspace.packed_size >= wanted)
        return;
    take_memory(&workspace.packed, workspace.packed_size, wanted);
    workspace.packed_size = wanted;
}

static void reserve_copies(int threads)
{
    if (workspace.threads >= threads)
        return;
    const size_t before = (size_t)workspace.threads, now = (size_t)threads;
    take_memory(&workspace.copies, before * BLOCK_COPY, now * BLOCK_COPY);
    if (workspace.parts)
        take_memory(&workspace.parts, before * workspace.part_size, now * workspace.part_size);
    workspace.threads = threads;
}

static void reserve_parts(size_t elements)
{
    const size_t threads = (size_t)workspace.threads;
    if (workspace.part_size >= elements)
        return;
    take_memory(&workspace.parts, threads * workspace.part_size, threads * elements);
    workspace.part_size = elements;
}

/* How many parts of a size make the whole, the last of them perhaps smaller. */
static int parts_of(int whole, int part)
{
    return (whole + part - 1) / part;
}

/* --- operands --------------------------------------------------------------------------------- */

/* What a column costs in wide tiles, in columns of the others (choose()), by operand type. */
static double wide_cost[2] = {INFINITY, INFINITY};

/* The faster of two tiles for n columns: the last panel is multiplied whole, so that 64 columns cost as
 * much as 96 in tiles of 48. */
static const struct tile_kernels *faster_tile(const struct tile_kernels *tile,
                                              const struct tile_kernels *wider, double cost, int n)
{
    if (!wider || isinf(cost))
        return tile;
    const int columns = parts_of(n, tile->columns) * tile->columns;
    const int wider_columns = parts_of(n, wider->columns) * wider->columns;
    return wider_columns * cost < columns ? wider : tile;
}

/* The tile of a product, and how it reads an operand. Where there is none for bfloat16, the rounded
 * operands are multiplied as floats. What is packed for a product has its n, and so its tile. */
static const struct tile_kernels *tile_of(const struct gemm *gemm)
{
    if (gemm->compute_type == TYPE_BFLOAT16 && kernels->bfloat16_tile)
        return faster_tile(kernels->bfloat16_tile, kernels->wide_bfloat16_tile,
                           wide_cost[TYPE_BFLOAT16], gemm->n);
    return faster_tile(kernels->tile, kernels->wide_tile, wide_cost[TYPE_FLOAT32], gemm->n);
}

static enum tile_source source_of(const struct gemm *gemm, enum float_type type)
{
    if (type == TYPE_BFLOAT16)
        return SOURCE_BFLOAT16;
    return gemm->compute_type == TYPE_BFLOAT16 ? SOURCE_ROUNDED : SOURCE_FLOAT;
}

/* Whether a tile reads this A, which is not transposed, where it lies. Rows that are a multiple of
 * 4,096 bytes apart would share one set of a first-level cache of 8 ways, which the panel wants as
 * well. */
static bool lies_right(const struct gemm *gemm, const struct tile_kernels *tile)
{
    return (size_t)gemm->lda * gemm_operand_size(gemm->a_type) % 4096 != 0 &&
           source_of(gemm, gemm->a_type) ==
               (tile->type == TYPE_BFLOAT16 ? SOURCE_BFLOAT16 : SOURCE_FLOAT) &&
           gemm->k % tile->k_unit == 0;
}

/* A as multiply() wants it: row i, a multiple of MR, begins at a + i row; the steps are as in
 * tile.h. All are in bytes. */
struct ready_rows {
    const char *a;
    size_t row;
    size_t row_step, word_step;
};

/* `rows` rows of A, and of their sums k terms, from `from` on, copied to `memory` where that is
 * needed; there, groups of columns lie `margin` words farther apart than they are long. */
static struct ready_rows ready_rows_of(const struct gemm *p, const struct tile_kernels *tile,
                                       int rows, int k, const char *from, void *memory, int margin)
{
    const enum tile_source source = source_of(p, p->a_type);
    const size_t lda = (size_t)p->lda, word = sizeof(float), words = (size_t)tile_words(tile, k);
    const size_t group = (size_t)tile->rows, copied_row = (words + TILE_ROW_MARGIN) * word;
    if (p->form != GEMM_TN && lies_right(p, tile)) {
        const size_t step = lda * gemm_operand_size(p->a_type);
        return (struct ready_rows){from, step, step, word};
    }
    if (p->form != GEMM_TN) {
        tile->copy(source, rows, k, from, lda, memory);
        return (struct ready_rows){memory, copied_row, copied_row, word};
    }
    if (tile->groups_are_rows) {
        tile->group(source, rows, k, from, lda, memory, group * (words + TILE_ROW_MARGIN));
        return (struct ready_rows){memory, copied_row, copied_row, word};
    }
    const size_t step = words * group + (size_t)margin;
    tile->group(source, rows, k, from, lda, memory, step);
    return (struct ready_rows){memory, step / group * word, word, group * word};
}

/* --- a pass ----------------------------------------------------------------------------------- */

/* What of the product is made with B packed once: columns [column, column + columns) of C, and of
 * their sums the terms [k_first, k_first + k). */
struct pass {
    const struct tile_kernels *tile;
    const struct gemm *gemm;
    int column, columns;
    int k_first, k;
    int block_k;                   /* terms of a sum in BLOCK_WORDS */
    bool last;                     /* of these columns: C is finished behind it */
    int panels;                    /* of B, each [words of k, NR] */
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
    const int width = pass->tile->columns; /* a block is whole panels, but for the last one */
    const int most = pass->gemm->form == GEMM_TN ? TRANSPOSED_COLUMNS : BLOCK_COLUMNS;
    const int columns = parts_of(most, width) * width;
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
    const int first = block * pass->block_k, k = min_int(pass->block_k, pass->k - first);
    const int columns = min_int(PANELS_TOGETHER * width, pass->columns - panel * width);
    const size_t row = (size_t)(pass->k_first + first), ldb = (size_t)p->ldb;
    const size_t column = (size_t)(pass->column + panel * width);
    const bool transposed = p->form == GEMM_NT;
    const size_t from = transposed ? column * ldb + row : row * ldb + column;
    const size_t words = (size_t)tile_words(pass->tile, k), before = (size_t)block * BLOCK_WORDS;
    pass->tile->pack(source_of(p, p->b_type), transposed, columns, k,
                     (const char *)p->b + from * gemm_operand_size(p->b_type), ldb,
                     workspace.packed +
                         (before * (size_t)pass->panels + (size_t)panel * words) * (size_t)width);
}

/* Asks for elements that are needed in a while. */
static void prefetch(const float *from, size_t elements)
{
    enum { LINE = 16 };
    for (size_t i = 0; i < elements; i += LINE)
        __builtin_prefetch(from + i, 0, 2);
}

/* A block of C: rows [row, row + rows), and columns [column, column + columns) of the pass. */
struct block {
    int row, rows, column, columns;
    real *c; /* where it is made */
    size_t ldc;
};

/* Adds a block of k to it. `memory` is this thread's, for a copy of A. */
static void multiply_block(const struct pass *pass, const struct block *at, int number,
                           void *memory)
{
    const struct gemm *p = pass->gemm;
    const struct tile_kernels *tile = pass->tile;
    const int first = number * pass->block_k, k = min_int(pass->block_k, pass->k - first);
    const size_t k_at = (size_t)(pass->k_first + first), lda = (size_t)p->lda;
    const size_t words = (size_t)tile_words(tile, k), before = (size_t)number * BLOCK_WORDS;
    const float beta = k_at == 0 ? p->beta : 1; /* later blocks add to what the first has left */
    const float *packed = workspace.packed + before * (size_t)pass->panels * (size_t)tile->columns;
    const size_t from =
        p->form == GEMM_TN ? k_at * lda + (size_t)at->row : (size_t)at->row * lda + k_at;
    const struct ready_rows a = ready_rows_of(
        p, tile, at->rows, k, (const char *)p->a + from * gemm_operand_size(p->a_type), memory,
        GROUP_MARGIN);

    /* A panel is multiplied by all rows of the block, while it lies in the first-level cache; the
     * next one is fetched into the second meanwhile, a part with each tile. */
    for (int j = 0; j < at->columns; j += tile->columns) {
        const float *panel = packed + (size_t)(at->column + j) * words;
        const float *ahead = panel + (size_t)tile->columns * words;
        float *c = at->c + j;
        for (int i = 0; i < at->rows; i += tile->rows, c += (size_t)tile->rows * at->ldc) {
            const int tile_rows = min_int(tile->rows, at->rows - i);
            for (int r = 0; r < tile_rows; r++)
                prefetch(c + (size_t)r * at->ldc, (size_t)tile->columns);
            tile->multiply(tile_rows, min_int(tile->columns, at->columns - j), (int)words,
                           a.a + (size_t)i * a.row, a.row_step, a.word_step, panel,
                           ahead + (size_t)(i / tile->rows) * 2 * words, beta, c, at->ldc);
        }
    }
}

/* Rows of a part of C lie so far apart that they do not all fall into the same sets of the cache. */
static int part_step(const struct pass *pass)
{
    return (pass->block_columns + 15) / 16 * 16 + 16;
}

static void make_block(const struct pass *pass, int task)
{
    const struct gemm *p = pass->gemm;
    const size_t thread = (size_t)omp_get_thread_num();
    const int across = parts_of(pass->columns, pass->block_columns);
    const int row = task / across * pass->block_rows;
    const int column = task % across * pass->block_columns;
    struct block block = {.row = row,
                          .rows = min_int(pass->block_rows, p->m - row),
                          .column = column,
                          .columns = min_int(pass->block_columns, pass->columns - column)};
    if (p->c) {
        block.ldc = (size_t)p->ldc;
        block.c = p->c + (size_t)row * block.ldc + pass->column + column;
    } else {
        block.ldc = (size_t)part_step(pass);
        block.c = workspace.parts + thread * workspace.part_size;
    }
    double begun = profile_begin();
    for (int number = 0; number * pass->block_k < pass->k; number++)
        multiply_block(pass, &block, number, workspace.copies + thread * BLOCK_COPY);
    profile_end(p->profile, begun);
    if (!pass->last || !p->then)
        return;
    const struct gemm_part part = {.row = row,
                                   .rows = block.rows,
                                   .column = pass->column + column,
                                   .columns = block.columns,
                                   .c = block.c,
                                   .ldc = (int)block.ldc};
    p->then->part(p->then->context, &part);
}

static void run_pass(struct pass *pass)
{
    const int groups = parts_of(pass->panels, PANELS_TOGETHER);
    const int blocks = parts_of(pass->k, pass->block_k);
    const bool by_columns = pass->gemm->form == GEMM_NT; /* the order in which B lies in memory */
    choose_blocks(pass, omp_get_max_threads());
    if (!pass->gemm->c)
        reserve_parts((size_t)pass->block_rows * (size_t)part_step(pass));
    task_queue_reset(pass->tasks);
#pragma omp parallel
    {
        double begun = profile_begin();
#pragma omp for schedule(static) nowait
        for (int i = 0; i < blocks * groups; i++)
            pack_panels(pass, by_columns ? i % blocks : i / groups,
                        (by_columns ? i / blocks : i % groups) * PANELS_TOGETHER);
        profile_end(pass->gemm->profile, begun);
#pragma omp barrier
        for (int task = task_queue_next(); task >= 0; task = task_queue_next())
            make_block(pass, task);
    }
}

/* --- the engine ------------------------------------------------------------------------------- */

/* As many columns as are packed at a time where a block of k is full, whichever tile is used. */
static int widest(void)
{
    const struct tile_kernels *const tiles[] = {
        kernels->tile, kernels->wide_tile, kernels->bfloat16_tile, kernels->wide_bfloat16_tile};
    int least = MOST_PACKED;
    for (size_t i = 0; i < sizeof tiles / sizeof *tiles; i++)
        if (tiles[i])
            least =
                min_int(least, MOST_PACKED / BLOCK_WORDS / tiles[i]->columns * tiles[i]->columns);
    return least;
}

/* The columns that are packed at a time, as many as possible, and then how deep in k, as deep as
 * leaves them in MOST_PACKED: in whole blocks, so that the order of sums stays the same. Where C has
 * no place, its sums are to be finished in one pass. */
static void choose_pass(const struct gemm *gemm, const struct tile_kernels *tile, int *columns,
                        int *depth)
{
    const int words = tile_words(tile, gemm->k), width = tile->columns;
    const bool whole_rows = gemm->then && gemm->then->whole_rows;
    int fits = MOST_PACKED / min_int(words, BLOCK_WORDS) / width * width;
    if (!gemm->c && !whole_rows)
        fits = max_int(MOST_PACKED / words / width, 1) * width;
    *columns = min_int(gemm->n, fits);
    const int padded = parts_of(*columns, width) * width;
    const int blocks = MOST_PACKED / padded / BLOCK_WORDS;
    const bool whole = !gemm->c || blocks == 0 || words <= MOST_PACKED / padded;
    *depth = whole ? gemm->k : blocks * BLOCK_WORDS * tile_word(tile);
    reserve_packed((size_t)padded * (size_t)tile_words(tile, min_int(*depth, gemm->k)));
}

static void parallel(const struct gemm *gemm)
{
    const struct tile_kernels *tile = tile_of(gemm);
    const int n = gemm->n, k = gemm->k;
    int columns, depth;
    reserve_copies(omp_get_max_threads());
    choose_pass(gemm, tile, &columns, &depth);
    for (int column = 0; column < n; column += columns)
        for (int first = 0; first < k; first += depth) {
            struct pass pass = {.tile = tile,
                                .gemm = gemm,
                                .column = column,
                                .columns = min_int(columns, n - column),
                                .k_first = first,
                                .k = min_int(depth, k - first),
                                .block_k = BLOCK_WORDS * tile_word(tile),
                                .last = first + depth >= k};
            pass.panels = parts_of(pass.columns, tile->columns);
            run_pass(&pass);
        }
}

static const char *maker(const struct gemm *gemm)
{
    return tile_of(gemm)->name;
}

static void pack(const struct gemm *p, void *packed)
{
    const struct tile_kernels *tile = tile_of(p);
    const bool transposed = p->form == GEMM_NT;
    tile->pack(source_of(p, p->b_type), transposed, p->n, p->k, p->b, (size_t)p->ldb, packed);
}

/* On one thread; these products are small. */
static void multiply_packed(const struct gemm *p, void *memory)
{
    const struct tile_kernels *tile = tile_of(p);
    const size_t all_words = (size_t)tile_words(tile, p->k);
    const int words = (int)all_words;
    /* Where it is transposed, a tile of floats reads A as it lies. */
    const bool strided =
        p->form == GEMM_TN && tile->type == TYPE_FLOAT32 && source_of(p, p->a_type) == SOURCE_FLOAT;
    const struct ready_rows a = strided ? (struct ready_rows){p->a, sizeof(float), sizeof(float),
                                                              (size_t)p->lda * sizeof(float)}
                                        : ready_rows_of(p, tile, p->m, p->k, p->a, memory, 0);
    for (int first = 0; first < words; first += BLOCK_WORDS) {
        const int depth = min_int(BLOCK_WORDS, words - first);
        const float beta = first == 0 ? p->beta : 1;
        for (int j = 0; j < p->n; j += tile->columns) {
            const float *panel =
                (const float *)p->b + (size_t)j * all_words + (size_t)first * (size_t)tile->columns;
            for (int i = 0; i < p->m; i += tile->rows)
                tile->multiply(min_int(tile->rows, p->m - i), min_int(tile->columns, p->n - j),
                               depth, a.a + (size_t)i * a.row + (size_t)first * a.word_step,
                               a.row_step, a.word_step, panel, p->b, beta,
                               p->c + (size_t)i * (size_t)p->ldc + j, (size_t)p->ldc);
        }
    }
}

/* --- which tiles ------------------------------------------------------------------------------ */

/* Seconds for a multiplication of two floats or pairs, at best: a tile and its panel as in the
 * middle of a product of rows of 3,072 words, the panel coming from the second-level cache. */
static double seconds_of(const struct tile_kernels *tile, const float *a, const float *panel,
                         float *c)
{
    enum { TRIES = 6, TIMES = 8 };
    const size_t step = TRIED_ROW * sizeof(float);
    double best = INFINITY;
    for (int i = 0; i < TRIES; i++) {
        const double started = clock_seconds();
        for (int t = 0; t < TIMES; t++)
            tile->multiply(tile->rows, tile->columns, BLOCK_WORDS, a, step, sizeof(float), panel,
                           panel, 0, c, TILE_MOST_COLUMNS);
        best = fmin(best, clock_seconds() - started);
    }
    return best / (TIMES * tile->rows * tile->columns);
}

/* INFINITY where they are not faster by more than what such a measurement is worth. */
static double cost_of_wide(const struct tile_kernels *tile, const struct tile_kernels *wider)
{
    if (!tile || !wider)
        return INFINITY;
    float *a = memory_new(TILE_MOST_ROWS * TRIED_ROW, sizeof *a);
    float *panel = memory_new(TILE_MOST_COLUMNS * BLOCK_WORDS, sizeof *panel);
    float *c = memory_new(TILE_MOST_ROWS * TILE_MOST_COLUMNS, sizeof *c);
    const double cost = seconds_of(wider, a, panel, c) / seconds_of(tile, a, panel, c);
    free(a);
    free(panel);
    free(c);
    return cost < 0.97 ? cost : INFINITY;
}

static void choose(void)
{
    wide_cost[TYPE_FLOAT32] = cost_of_wide(kernels->tile, kernels->wide_tile);
    wide_cost[TYPE_BFLOAT16] = cost_of_wide(kernels->bfloat16_tile, kernels->wide_bfloat16_tile);
}

void gemm_tiles_use_wide(bool wider)
{
    wide_cost[TYPE_FLOAT32] = wide_cost[TYPE_BFLOAT16] = wider ? 0 : INFINITY;
}

const struct gemm_engine gemm_tiles = {.parallel = parallel,
                                       .pack = pack,
                                       .packed = multiply_packed,
                                       .maker = maker,
                                       .widest = widest,
                                       .memory = workspace_size,
                                       .choose = choose};
