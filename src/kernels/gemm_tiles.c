#include "gemm_tiles.h"

#include <omp.h>
#include <string.h>

#include "lambert/base/memory.h"
#include "lambert/base/minmax.h"
#include "lambert/kernels/parallel.h"
#include "lambert/kernels/profile.h"

/* A panel of B, [BLOCK_K, NR], and a tile's rows of A go by each other in the first-level cache, a
 * block of A, [BLOCK_ROWS, BLOCK_K], and of C in the second. */
enum {
    BLOCK_K = 384,
    BLOCK_ROWS = 128,
    BLOCK_COLUMNS = 1024,
    TRANSPOSED_COLUMNS = 1536, /* where A is copied once more for each block of columns */
    LEAST_COLUMNS = 256
};

/* Groups of A's columns lie so far apart that they do not fall into the same sets of the cache. A
 * multiple of 6 and of 8, the rows of a group. */
enum { MARGIN = 48 };

/* As much of B is packed at a time, by all threads: 8 MB, so that it stays in the third-level cache. */
enum { MOST_PACKED = 2 << 20 };

/* A transposed block of A: groups of at least 6 rows. */
enum { BLOCK_ELEMENTS = (BLOCK_ROWS + 8) * BLOCK_K + (BLOCK_ROWS / 6 + 1) * MARGIN };

/* Taken when first needed, and larger when there are more threads; never given back. */
static struct {
    float *packed; /* [MOST_PACKED] */
    float *blocks; /* [threads, BLOCK_ELEMENTS] */
    int threads;
} workspace;

size_t gemm_tiles_memory(int threads)
{
    return (MOST_PACKED + (size_t)threads * BLOCK_ELEMENTS) * sizeof(float);
}

static float *take(size_t elements)
{
    void *memory;
    struct error err;
    if (memory_big(&memory, elements * sizeof(float), "matrix products", &err) < 0)
        bug("%s", err.text);
    return memory;
}

static void reserve_workspace(int threads)
{
    if (!workspace.packed)
        workspace.packed = take(MOST_PACKED);
    if (workspace.threads >= threads)
        return;
    memory_big_free(workspace.blocks, (size_t)workspace.threads * BLOCK_ELEMENTS * sizeof(float));
    workspace.blocks = take((size_t)threads * BLOCK_ELEMENTS);
    workspace.threads = threads;
}

static int pieces(int whole, int piece)
{
    return (whole + piece - 1) / piece;
}

/* --- blocks of C ------------------------------------------------------------------------------ */

/* Part of a product: columns [column, column + columns) of B, [k_first, k_first + k) of the sum,
 * which lie packed; and how C is shared out. */
struct pass {
    const struct tile_kernels *tile;
    const struct product *product;
    int column, columns;
    int k_first, k;
    int block_rows, block_columns;
    bool last; /* of the sum */
};

/* How far packing has to be repeated, and rows are apart that an epilogue wants together, speak for
 * large blocks; threads that all want one, for small ones. Sums do not depend on it. */
static void share_out(struct pass *pass, int threads)
{
    const struct gemm_epilogue *then = pass->product->then;
    const bool whole = then && then->whole_rows;
    const int rows = pass->tile->rows == 6 ? 96 : BLOCK_ROWS; /* a multiple of both */
    pass->block_rows = rows;
    const int most = pass->product->form == GEMM_TN ? TRANSPOSED_COLUMNS : BLOCK_COLUMNS;
    pass->block_columns = whole ? pass->columns : min_int(pass->columns, most);
    while (!whole && pass->block_columns > LEAST_COLUMNS &&
           pieces(pass->product->m, rows) * pieces(pass->columns, pass->block_columns) <
               2 * threads)
        pass->block_columns =
            pieces(pass->block_columns / 2, pass->tile->columns) * pass->tile->columns;
    while (pass->block_rows > ROW_BLOCK &&
           pieces(pass->product->m, pass->block_rows) * pieces(pass->columns, pass->block_columns) <
               2 * threads)
        pass->block_rows = pass->block_rows == 96 ? ROW_BLOCK : pass->block_rows / 2;
}

/* Panels that are packed together: rows of B are read in pieces of 512 bytes. */
enum { TOGETHER = 4 };

static void pack_panels(const struct pass *pass, int block, int panel)
{
    const struct product *p = pass->product;
    const int width = pass->tile->columns, panels = pieces(pass->columns, width);
    const int first = block * BLOCK_K, k = min_int(BLOCK_K, pass->k - first);
    const size_t row = (size_t)(pass->k_first + first);
    const size_t column = (size_t)(pass->column + panel * width), ldb = (size_t)p->ldb;
    const bool transposed = p->form == GEMM_NT;
    pass->tile->pack(transposed, min_int(TOGETHER * width, pass->columns - panel * width), k,
                     p->b + (transposed ? column * ldb + row : row * ldb + column), p->ldb,
                     workspace.packed +
                         ((size_t)first * (size_t)panels + (size_t)panel * (size_t)k) *
                             (size_t)width);
}

/* In the order in which B lies in memory. */
static void pack_number(const struct pass *pass, int number, int blocks, int groups)
{
    if (pass->product->form == GEMM_NT)
        pack_panels(pass, number % blocks, number / blocks * TOGETHER);
    else
        pack_panels(pass, number / groups, number % groups * TOGETHER);
}

/* Rows [row, ...) of A in one block of the sum, as tile->multiply() wants them: where they lie, or
 * where A is transposed, in groups of MR, copied. Row i, a multiple of MR, begins at i step. */
struct rows_of_a {
    const float *first;
    size_t step;
    int row_step, k_step;
};

static struct rows_of_a rows_of_a(const struct pass *pass, int row, int rows, int first, int k,
                                  float *memory)
{
    const struct product *p = pass->product;
    const size_t lda = (size_t)p->lda, group = (size_t)pass->tile->rows;
    if (p->form != GEMM_TN)
        return (struct rows_of_a){p->a + (size_t)row * lda + first, lda, p->lda, 1};
    pass->tile->group(rows, k, p->a + (size_t)first * lda + row, p->lda, memory,
                      (size_t)k * group + MARGIN);
    return (struct rows_of_a){memory, (size_t)k + MARGIN / group, 1, (int)group};
}

/* Asks for elements that are needed in a while. */
static void fetch(const float *from, size_t elements)
{
    enum { LINE = 16 };
    for (size_t i = 0; i < elements; i += LINE)
        __builtin_prefetch(from + i, 0, 2);
}

static void multiply_block(const struct pass *pass, int row, int rows, int column, int columns,
                           int block, float *memory)
{
    const struct product *p = pass->product;
    const struct tile_kernels *tile = pass->tile;
    const int first = block * BLOCK_K, k = min_int(BLOCK_K, pass->k - first);
    const int panels = pieces(pass->columns, tile->columns);
    const bool begins = pass->k_first + first == 0;
    const struct tile_finish finish = {p->alpha, begins ? p->beta : 1};
    const float *packed = workspace.packed + (size_t)first * (size_t)panels * (size_t)tile->columns;
    const struct rows_of_a a = rows_of_a(pass, row, rows, pass->k_first + first, k, memory);
    for (int j = 0; j < columns; j += tile->columns) {
        const float *panel = packed + (size_t)(column + j) * (size_t)k;
        const float *ahead = panel + (size_t)tile->columns * (size_t)k; /* the next panel */
        float *c = p->c + (size_t)row * (size_t)p->ldc + pass->column + column + j;
        for (int i = 0; i < rows; i += tile->rows, c += (size_t)tile->rows * (size_t)p->ldc) {
            const int tile_rows = min_int(tile->rows, rows - i);
            for (int r = 0; r < tile_rows; r++)
                fetch(c + (size_t)r * (size_t)p->ldc, (size_t)tile->columns);
            tile->multiply(tile_rows, min_int(tile->columns, columns - j), k,
                           a.first + (size_t)i * a.step, a.row_step, a.k_step, panel,
                           ahead + (size_t)(i / tile->rows) * 2 * (size_t)k, finish, c, p->ldc);
        }
    }
}

static void make_block(const struct pass *pass, int number, float *memory)
{
    const struct product *p = pass->product;
    const int across = pieces(pass->columns, pass->block_columns);
    const int row = number / across * pass->block_rows;
    const int column = number % across * pass->block_columns;
    const int rows = min_int(pass->block_rows, p->m - row);
    const int columns = min_int(pass->block_columns, pass->columns - column);
    double begun = profile_begin();
    for (int block = 0; block * BLOCK_K < pass->k; block++)
        multiply_block(pass, row, rows, column, columns, block, memory);
    profile_end(profile_gemm, begun);
    if (pass->last && p->then)
        p->then->part(p->then->context, row, rows, pass->column + column, columns);
}

static void run_pass(struct pass *pass)
{
    const int groups = pieces(pass->columns, TOGETHER * pass->tile->columns);
    const int blocks = pieces(pass->k, BLOCK_K);
    share_out(pass, omp_get_max_threads());
    const int tasks =
        pieces(pass->product->m, pass->block_rows) * pieces(pass->columns, pass->block_columns);
    task_queue_reset(tasks);
#pragma omp parallel
    {
        float *memory = workspace.blocks + (size_t)omp_get_thread_num() * BLOCK_ELEMENTS;
        double begun = profile_begin();
#pragma omp for schedule(static) nowait
        for (int i = 0; i < blocks * groups; i++)
            pack_number(pass, i, blocks, groups);
        profile_end(profile_gemm, begun);
#pragma omp barrier
        for (int t = task_queue_next(); t >= 0; t = task_queue_next())
            make_block(pass, t, memory);
    }
}

int gemm_tiles_widest(const struct tile_kernels *tile)
{
    return MOST_PACKED / BLOCK_K / tile->columns * tile->columns;
}

void gemm_tiles_parallel(const struct tile_kernels *tile, const struct product *product)
{
    const int n = product->n, k = product->k;
    reserve_workspace(omp_get_max_threads());
    const bool whole = product->then && product->then->whole_rows;
    const int widest = gemm_tiles_widest(tile);
    require(!whole || n <= widest);
    const int fits = k < BLOCK_K ? MOST_PACKED / k / tile->columns * tile->columns : widest;
    const int columns = n <= fits ? n : fits;
    const int padded = pieces(columns, tile->columns) * tile->columns;
    const int depth = MOST_PACKED / padded / BLOCK_K * BLOCK_K;
    const int step = depth == 0 || k <= depth ? k : depth;
    for (int column = 0; column < n; column += columns)
        for (int first = 0; first < k; first += step) {
            struct pass pass = {.tile = tile,
                                .product = product,
                                .column = column,
                                .columns = min_int(columns, n - column),
                                .k_first = first,
                                .k = min_int(step, k - first),
                                .last = first + step >= k};
            run_pass(&pass);
        }
}

/* --- on one thread ---------------------------------------------------------------------------- */

void gemm_tiles_pack(const struct tile_kernels *tile, bool transposed, int n, int k, const float *b,
                     int ldb, float *packed)
{
    for (int j = 0; j < n; j += tile->columns)
        tile->pack(transposed, min_int(tile->columns, n - j), k,
                   b + (transposed ? (size_t)j * (size_t)ldb : (size_t)j), ldb,
                   packed + (size_t)j * (size_t)k);
}

void gemm_tiles_packed(const struct tile_kernels *tile, const struct product *p)
{
    const bool turned = p->form == GEMM_TN;
    for (int first = 0; first < p->k; first += BLOCK_K) {
        const int k = min_int(BLOCK_K, p->k - first);
        const struct tile_finish finish = {p->alpha, first == 0 ? p->beta : 1};
        const float *a = p->a + (turned ? (size_t)first * (size_t)p->lda : (size_t)first);
        for (int j = 0; j < p->n; j += tile->columns)
            for (int i = 0; i < p->m; i += tile->rows)
                tile->multiply(min_int(tile->rows, p->m - i), min_int(tile->columns, p->n - j), k,
                               a + (size_t)i * (turned ? 1 : (size_t)p->lda), turned ? 1 : p->lda,
                               turned ? p->lda : 1,
                               p->b + (size_t)j * (size_t)p->k +
                                   (size_t)first * (size_t)tile->columns,
                               p->b, finish, p->c + (size_t)i * (size_t)p->ldc + j, p->ldc);
    }
}
