/* The emulator of instructions: of AVX512_BF16 against the instructions themselves, where this CPU
 * has them; of AMX-BF16 against what Intel's manual says.
 *
 * An instruction that is tried lies between INT3 and RET. Entered behind INT3 it is executed by the
 * CPU; entered before, the handler of SIGTRAP has it emulated, in the registers of the thread that
 * was interrupted, as the handler of SIGILL would. */
#define _GNU_SOURCE
#include "lib/unit.h"

#ifdef __x86_64__

#include <float.h>
#include <math.h>
#include <signal.h>
#include <stdbool.h>
#include <string.h>
#include <ucontext.h>

#include "emulated_cpu.h"
#include "emulator.h"
#include "fence.h"
#include "lambert/base/rng.h"
#include "lambert/kernels/cpu.h"

/* --- a machine -------------------------------------------------------------------------------- */

/* Registers, as enter() loads and stores them. */
struct machine {
    uint64_t general[16]; /* rsp is left alone */
    uint64_t masks[8];
    uint32_t vectors[32][16];
};

enum { RAX, RCX, RDX, RBX, RSP, RBP, RSI, RDI, R8, R9, R10, R11, R12, R13, R14, R15 };

/* Loads the registers, calls code, and stores the vectors. */
void enter(struct machine *machine, const void *code);

__asm__(".pushsection .text\n"
        ".globl enter\n"
        ".type enter, @function\n"
        "enter:\n"
        ".irp r, rbx, rbp, r12, r13, r14, r15, rdi, rsi\n"
        "    push %\\r\n"
        ".endr\n"
        ".irp k, 1, 2, 3, 4, 5, 6, 7\n"
        "    kmovq 128 + 8 * \\k(%rdi), %k\\k\n"
        ".endr\n"
        ".irp v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, "
        "23, 24, 25, 26, 27, 28, 29, 30, 31\n"
        "    vmovdqu64 192 + 64 * \\v(%rdi), %zmm\\v\n"
        ".endr\n"
        "    mov 0(%rdi), %rax\n"
        "    mov 8(%rdi), %rcx\n"
        "    mov 16(%rdi), %rdx\n"
        "    mov 24(%rdi), %rbx\n"
        "    mov 40(%rdi), %rbp\n"
        "    mov 48(%rdi), %rsi\n"
        ".irp r, 8, 9, 10, 11, 12, 13, 14, 15\n"
        "    mov 8 * \\r(%rdi), %r\\r\n"
        ".endr\n"
        "    mov 56(%rdi), %rdi\n"
        "    call *(%rsp)\n"
        "    pop %rsi\n"
        "    pop %rdi\n"
        ".irp v, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, "
        "23, 24, 25, 26, 27, 28, 29, 30, 31\n"
        "    vmovdqu64 %zmm\\v, 192 + 64 * \\v(%rdi)\n"
        ".endr\n"
        "    vzeroupper\n"
        ".irp r, r15, r14, r13, r12, rbp, rbx\n"
        "    pop %\\r\n"
        ".endr\n"
        "    ret\n"
        ".popsection\n");

#define INSTRUCTION(name, text)                                                                    \
    extern const uint8_t name[];                                                                   \
    __asm__(".pushsection .text\n" #name ": int3\n" text "\nret\n.popsection")

/* Whether the last instruction that was to be emulated was one. */
static volatile sig_atomic_t emulated;

INSTRUCTION(nothing, "nop");

static void on_trap(int number, siginfo_t *info, void *context)
{
    ucontext_t *thread = context;
    (void)number;
    (void)info;
    emulated = emulator_step(context);
    if (!emulated)
        thread->uc_mcontext.gregs[REG_RIP] = (greg_t)(nothing + 2); /* its RET */
}

static void emulate(struct machine *machine, const uint8_t *instruction)
{
    enter(machine, instruction);
    assert_true(emulated);
}

static void refuse(struct machine *machine, const uint8_t *instruction)
{
    enter(machine, instruction);
    assert_false(emulated);
}

static int catch_traps(void **state)
{
    const struct sigaction action = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};
    (void)state;
    return sigaction(SIGTRAP, &action, NULL);
}

/* The same code cannot be entered where registers are not there. */
static void need_avx512(void)
{
    if (cpu_level() < CPU_V4)
        skip();
}

/* --- AVX512_BF16 ------------------------------------------------------------------------------ */

#define VECTOR_INSTRUCTIONS(X)                                                                     \
    X(dp_512, "vdpbf16ps %zmm3, %zmm2, %zmm1")                                                     \
    X(dp_256, "vdpbf16ps %ymm3, %ymm2, %ymm1")                                                     \
    X(dp_128, "vdpbf16ps %xmm3, %xmm2, %xmm1")                                                     \
    X(dp_upper, "vdpbf16ps %zmm31, %zmm18, %zmm25")                                                \
    X(dp_same, "vdpbf16ps %zmm9, %zmm9, %zmm9")                                                    \
    X(dp_mask, "vdpbf16ps %zmm14, %zmm23, %zmm8{%k3}")                                             \
    X(dp_zero, "vdpbf16ps %zmm14, %zmm23, %zmm8{%k7}{z}")                                          \
    X(dp_memory, "vdpbf16ps (%rax), %zmm2, %zmm1")                                                 \
    X(dp_near, "vdpbf16ps -128(%rcx), %zmm20, %zmm30")                                             \
    X(dp_far, "vdpbf16ps 4(%rdx,%rbx,8), %zmm2, %zmm1")                                            \
    X(dp_broadcast, "vdpbf16ps 8(%rbp){1to16}, %zmm2, %zmm1")                                      \
    X(dp_broadcast_256, "vdpbf16ps 300(%r13,%r15,2){1to8}, %ymm2, %ymm17")                         \
    X(dp_masked_memory, "vdpbf16ps (%rsi), %zmm2, %zmm1{%k1}")                                     \
    X(dp_absolute_base, "vdpbf16ps (%r12), %zmm2, %zmm1")                                          \
    X(dp_index_only, "vdpbf16ps 64(,%r8,4), %zmm2, %zmm1")                                         \
    X(dp_code, "vdpbf16ps dp_512(%rip), %zmm2, %zmm1")                                             \
    X(one_512, "vcvtneps2bf16 %zmm2, %ymm1")                                                       \
    X(one_256, "vcvtneps2bf16 %ymm2, %xmm1")                                                       \
    X(one_128, "vcvtneps2bf16 %xmm2, %xmm1")                                                       \
    X(one_upper, "vcvtneps2bf16 %zmm28, %ymm19")                                                   \
    X(one_same, "vcvtneps2bf16 %zmm5, %ymm5")                                                      \
    X(one_mask, "vcvtneps2bf16 %zmm2, %ymm11{%k5}")                                                \
    X(one_zero, "vcvtneps2bf16 %zmm2, %ymm11{%k5}{z}")                                             \
    X(one_memory, "vcvtneps2bf16 64(%r9), %ymm1")                                                  \
    X(one_masked_memory, "vcvtneps2bf16 (%rsi), %ymm1{%k1}{z}")                                    \
    X(one_broadcast, "vcvtneps2bf16 4(%r9){1to16}, %ymm1")                                         \
    X(two_512, "vcvtne2ps2bf16 %zmm3, %zmm2, %zmm1")                                               \
    X(two_256, "vcvtne2ps2bf16 %ymm3, %ymm2, %ymm1")                                               \
    X(two_128, "vcvtne2ps2bf16 %xmm3, %xmm2, %xmm1")                                               \
    X(two_upper, "vcvtne2ps2bf16 %zmm16, %zmm24, %zmm17")                                          \
    X(two_mask, "vcvtne2ps2bf16 %zmm3, %zmm2, %zmm10{%k6}")                                        \
    X(two_zero, "vcvtne2ps2bf16 %zmm3, %zmm2, %zmm10{%k6}{z}")                                     \
    X(two_memory, "vcvtne2ps2bf16 64(%rdi), %zmm2, %zmm1")                                         \
    X(two_broadcast, "vcvtne2ps2bf16 12(%r10,%r11){1to16}, %zmm2, %zmm1")

#define X(name, text) INSTRUCTION(name, text);
VECTOR_INSTRUCTIONS(X)
#undef X

static const struct {
    const char *text;
    const uint8_t *code;
} vector_instructions[] = {
#define X(name, text) {text, name},
    VECTOR_INSTRUCTIONS(X)
#undef X
};

enum { VECTOR_COUNT = sizeof vector_instructions / sizeof *vector_instructions };

/* Numbers of common sizes, which are rounded, and those with a rule of their own: as floats, and in
 * either half as bfloat16. */
static uint32_t any_word(struct rng *rng)
{
    static const uint16_t special[] = {0x0000, 0x8000, 0x0001, 0x807f, 0x0080, 0x3f80, 0xbf80,
                                       0x7f80, 0xff80, 0x7f81, 0xffc0, 0x7f7f, 0x7f00, 0x1f80};
    const uint32_t count = sizeof special / sizeof *special;
    const uint32_t low = special[rng_below(rng, count)], high = special[rng_below(rng, count)];
    const uint32_t bits = rng_u32(rng);
    switch (rng_below(rng, 4)) {
    case 0:
        return high << 16 | low;
    case 1:
        return bits;
    default: /* both halves from 1/4 to 4 */
        return (bits & 0x81ff81ff) | (125u + rng_below(rng, 4)) << 23 |
               (125u + rng_below(rng, 4)) << 7;
    }
}

enum { MEMORY = 256, NEAR_FENCE = 4 };

static void fill_machine(struct machine *m, const uint32_t *memory, const uint32_t *at_fence,
                         struct rng *rng)
{
    const uint64_t middle = (uintptr_t)(memory + MEMORY / 2);
    *m = (struct machine){.general = {[RAX] = middle,
                                      [RCX] = middle + 4,
                                      [RDX] = middle - 400,
                                      [RBX] = 13,
                                      [RBP] = middle + 60,
                                      [RSI] = (uintptr_t)at_fence,
                                      [RDI] = middle - 508,
                                      [R8] = (middle - 64) / 4,
                                      [R9] = middle + 36,
                                      [R10] = middle + 72,
                                      [R11] = (uint64_t)-96,
                                      [R12] = middle - 256,
                                      [R13] = middle - 488,
                                      [R15] = 44},
                          .masks = {[1] = (1u << NEAR_FENCE) - 1}};
    for (int i = 2; i < 8; i++)
        m->masks[i] = rng_u64(rng);
    for (int v = 0; v < 32; v++)
        for (int i = 0; i < 16; i++)
            m->vectors[v][i] = any_word(rng);
}

static bool is_nan(uint32_t bits)
{
    return (bits & 0x7fffffff) > 0x7f800000;
}

/* A sum that is no number may be any NaN; all else is the same bits. */
static void expect_vectors(const char *text, const struct machine *got, const struct machine *want)
{
    const bool sums = strncmp(text, "vdp", 3) == 0;
    for (int v = 0; v < 32; v++)
        for (int i = 0; i < 16; i++) {
            const uint32_t a = got->vectors[v][i], b = want->vectors[v][i];
            if (a != b && !(sums && is_nan(a) && is_nan(b)))
                fail_msg("%s: lane %d of zmm%d is %08x, and emulated %08x", text, i, v, b, a);
        }
}

/* Lanes that are not in the mask lie behind a fence. */
static void vectors_are_as_on_this_cpu(void **state)
{
    enum { ROUNDS = 200 };
    uint32_t memory[MEMORY];
    (void)state;
    if (cpu_level() < CPU_V4 || emulated_avx512_bf16())
        skip();
    uint32_t *at_fence = fence_new(NEAR_FENCE * sizeof *at_fence);
    for (int round = 0; round < ROUNDS; round++) {
        struct machine start;
        struct rng rng;
        rng_init(&rng, rng_key(7, RNG_TEST, (uint64_t)round, 0));
        for (int i = 0; i < MEMORY; i++)
            memory[i] = any_word(&rng);
        for (int i = 0; i < NEAR_FENCE; i++)
            at_fence[i] = any_word(&rng);
        fill_machine(&start, memory, at_fence, &rng);
        for (int i = 0; i < VECTOR_COUNT; i++) {
            struct machine real = start, copy = start;
            enter(&real, vector_instructions[i].code + 1);
            emulate(&copy, vector_instructions[i].code);
            expect_vectors(vector_instructions[i].text, &copy, &real);
        }
    }
    fence_free(at_fence, NEAR_FENCE * sizeof *at_fence);
}

/* --- AMX-BF16 --------------------------------------------------------------------------------- */

INSTRUCTION(load_shapes, "ldtilecfg (%rax)");
INSTRUCTION(store_shapes, "sttilecfg 64(%rax)");
INSTRUCTION(release, "tilerelease");

INSTRUCTION(load_plain, "tileloadd (%r12,%rbx,4), %tmm7");
INSTRUCTION(load_near, "tileloaddt1 12(%rax,%rcx), %tmm7");
INSTRUCTION(load_far, "tileloadd -0x1234(%r13,%r14,2), %tmm7");
INSTRUCTION(load_one_row, "tileloadd (%rdx), %tmm7");
INSTRUCTION(zero, "tilezero %tmm7");
INSTRUCTION(store_plain, "tilestored %tmm7, (%rsi,%rdi)");
INSTRUCTION(store_far, "tilestored %tmm7, 0x5678(%rbp,%r11,8)");

INSTRUCTION(load_c, "tileloadd (%rax,%rbx), %tmm0");
INSTRUCTION(load_a, "tileloadd (%rcx,%rbx), %tmm1");
INSTRUCTION(load_b, "tileloadd (%rdx,%rbx), %tmm2");
INSTRUCTION(multiply, "tdpbf16ps %tmm2, %tmm1, %tmm0");
INSTRUCTION(store_c, "tilestored %tmm0, (%rax,%rbx)");

/* tmm1 += tmm1 tmm2, tmm2 += tmm1 tmm2 and tmm0 += tmm1 tmm1, which no assembler takes. */
INSTRUCTION(multiply_onto_a, ".byte 0xc4, 0xe2, 0x6a, 0x5c, 0xc9");
INSTRUCTION(multiply_onto_b, ".byte 0xc4, 0xe2, 0x6a, 0x5c, 0xd1");
INSTRUCTION(multiply_by_itself, ".byte 0xc4, 0xe2, 0x72, 0x5c, 0xc1");
INSTRUCTION(multiply_unshaped, "tdpbf16ps %tmm2, %tmm1, %tmm6");
INSTRUCTION(multiply_whole_numbers, "tdpbssd %tmm2, %tmm1, %tmm0");
INSTRUCTION(add, "vaddps %zmm2, %zmm1, %zmm0");
INSTRUCTION(permute, "vpermd %ymm2, %ymm1, %ymm0");

struct shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* Of C [m, n], A [m, k] and B [k, n], in words: tiles 0, 1 and 2. */
static struct shapes shapes_of(int m, int n, int k)
{
    return (struct shapes){
        .palette = 1,
        .row_bytes = {(uint16_t)(4 * n), (uint16_t)(4 * k), (uint16_t)(4 * n)},
        .rows = {(uint8_t)m, (uint8_t)m, (uint8_t)k},
    };
}

static void shape_tiles(struct shapes shapes)
{
    struct machine m = {.general = {[RAX] = (uintptr_t)&shapes}};
    emulate(&m, load_shapes);
}

static void shapes_are_kept_until_they_are_released(void **state)
{
    struct shapes pair[2] = {shapes_of(5, 3, 7)}, none = {0};
    struct machine m = {.general = {[RAX] = (uintptr_t)pair}};
    (void)state;
    need_avx512();
    emulate(&m, load_shapes);
    emulate(&m, store_shapes);
    assert_memory_equal(&pair[0], &pair[1], sizeof *pair);
    emulate(&m, release);
    emulate(&m, store_shapes);
    assert_memory_equal(&none, &pair[1], sizeof *pair);
}

static void refuse_shapes(struct shapes shapes)
{
    struct machine m = {.general = {[RAX] = (uintptr_t)&shapes}};
    refuse(&m, load_shapes);
}

static void wrong_shapes_are_refused(void **state)
{
    (void)state;
    need_avx512();
    struct shapes shapes = shapes_of(16, 16, 16);
    shapes.palette = 2;
    refuse_shapes(shapes);
    shapes = shapes_of(16, 16, 16);
    shapes.reserved[13] = 1;
    refuse_shapes(shapes);
    refuse_shapes(shapes_of(17, 16, 16));
    refuse_shapes(shapes_of(16, 17, 16));
    refuse_shapes(shapes_of(16, 0, 16));
    shapes = shapes_of(16, 16, 16);
    shapes.rows[8] = 4;
    shapes.row_bytes[8] = 4;
    refuse_shapes(shapes);
}

/* --- loading and storing ---------------------------------------------------------------------- */

enum { FROM_STEP = 19, TO_STEP = 23, TO_SIZE = 16 * TO_STEP };

/* A tile goes from rows that are FROM_STEP words apart, of which the last ends at a fence, to rows
 * that are TO_STEP apart; not a byte beside them is written. In the registers are both addresses
 * and steps, as the instructions above want them. */
static void try_move(const uint8_t *load, const uint8_t *store, int rows, int words)
{
    const int from_size = (rows - 1) * FROM_STEP + words;
    uint32_t *from = fence_new((size_t)from_size * sizeof *from), to[TO_SIZE];
    const uint64_t begin = (uintptr_t)from;
    struct shapes shapes = {.palette = 1};
    struct machine m = {.general = {[R12] = begin,
                                    [RBX] = FROM_STEP,
                                    [RAX] = begin - 12,
                                    [RCX] = 4 * FROM_STEP,
                                    [R13] = begin + 0x1234,
                                    [R14] = 2 * FROM_STEP,
                                    [RDX] = begin,
                                    [RSI] = (uintptr_t)to,
                                    [RDI] = 4 * TO_STEP,
                                    [RBP] = (uintptr_t)to - 0x5678,
                                    [R11] = TO_STEP / 2}};
    shapes.rows[7] = (uint8_t)rows;
    shapes.row_bytes[7] = (uint16_t)(4 * words);
    for (int i = 0; i < from_size; i++)
        from[i] = 1000 + (uint32_t)i;
    memset(to, 0, sizeof to);
    shape_tiles(shapes);
    emulate(&m, load);
    emulate(&m, store);
    const int step = load == load_one_row ? 0 : FROM_STEP;
    const int to_step = store == store_far ? TO_STEP / 2 * 2 : TO_STEP;
    for (int i = 0; i < TO_SIZE; i++) {
        const int row = i / to_step, word = i % to_step;
        const bool moved = load != zero && row < rows && word < words;
        assert_int_equal(to[i], moved ? from[row * step + word] : 0);
    }
    fence_free(from, (size_t)from_size * sizeof *from);
}

static void tiles_are_loaded_and_stored(void **state)
{
    static const uint8_t *const loads[] = {load_plain, load_near, load_far, load_one_row, zero};
    (void)state;
    need_avx512();
    for (size_t i = 0; i < sizeof loads / sizeof *loads; i++)
        for (int rows = 1; rows <= 16; rows += 5)
            for (int words = 1; words <= 16; words += 3) {
                try_move(loads[i], store_plain, rows, words);
                try_move(loads[i], store_far, rows, words);
            }
}

/* --- multiplying ------------------------------------------------------------------------------ */

struct product {
    int m, n, k;
    float c[16][16];
    uint32_t a[16][16], b[16][16];
};

static uint32_t pair(float even, float odd)
{
    uint32_t low, high;
    memcpy(&low, &even, sizeof low);
    memcpy(&high, &odd, sizeof high);
    return low >> 16 | (high & 0xffff0000);
}

static void make_product(struct product *p)
{
    struct machine m = {.general = {[RAX] = (uintptr_t)p->c,
                                    [RCX] = (uintptr_t)p->a,
                                    [RDX] = (uintptr_t)p->b,
                                    [RBX] = sizeof *p->c}};
    shape_tiles(shapes_of(p->m, p->n, p->k));
    emulate(&m, load_c);
    emulate(&m, load_a);
    emulate(&m, load_b);
    emulate(&m, multiply);
    emulate(&m, store_c);
}

/* Of whole numbers, which every order of sums gets right. What lies beyond the shapes is left. */
static void try_whole_numbers(int m, int n, int k, struct rng *rng)
{
    float a[16][32], b[32][16], want[16][16];
    struct product p = {.m = m, .n = n, .k = k};
    for (int i = 0; i < 16; i++)
        for (int l = 0; l < 32; l++) {
            a[i][l] = (float)rng_below(rng, 17) - 8;
            b[l][i] = (float)rng_below(rng, 17) - 8;
        }
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++) {
            p.a[i][j] = pair(a[i][2 * j], a[i][2 * j + 1]);
            p.b[i][j] = pair(b[2 * i][j], b[2 * i + 1][j]);
            p.c[i][j] = want[i][j] = (float)rng_below(rng, 1000);
            for (int l = 0; l < 2 * k && i < m && j < n; l++)
                want[i][j] += a[i][l] * b[l][j];
        }
    make_product(&p);
    for (int i = 0; i < 16; i++)
        for (int j = 0; j < 16; j++)
            if (p.c[i][j] != want[i][j])
                fail_msg("%d x %d x %d: C[%d, %d] is %g, not %g", m, n, k, i, j, (double)p.c[i][j],
                         (double)want[i][j]);
}

static void products_are_those_of_the_definition(void **state)
{
    struct rng rng;
    (void)state;
    need_avx512();
    rng_init(&rng, rng_key(8, RNG_TEST, 0, 0));
    for (int m = 1; m <= 16; m += 3)
        for (int n = 1; n <= 16; n += 5)
            for (int k = 1; k <= 16; k++)
                try_whole_numbers(m, n, k, &rng);
}

/* C = c + what k pairs of A come to with ones. */
static float sum_of(float c, int k, const uint32_t *pairs)
{
    struct product p = {.m = 1, .n = 1, .k = k, .c = {{c}}};
    for (int i = 0; i < k; i++) {
        p.a[0][i] = pairs[i];
        p.b[i][0] = pair(1, 1);
    }
    make_product(&p);
    return p.c[0][0];
}

#define SUM(c, ...)                                                                                \
    sum_of(c, sizeof((uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t), (uint32_t[]){__VA_ARGS__})

/* 2^24 + 1 rounds to 2^24: so it shows what is added to what, and when. */
static void sums_have_the_order_of_the_manual(void **state)
{
    (void)state;
    need_avx512();
    assert_true(SUM(0, pair(0x1p24f, 0), pair(1, 0), pair(1, 0)) == 0x1p24f);
    assert_true(SUM(0, pair(1, 0), pair(1, 0), pair(0x1p24f, 0)) == 0x1p24f + 2);
    assert_true(SUM(0, pair(0x1p24f, 1), pair(0, 1)) == 0x1p24f + 2);
    assert_true(SUM(0, pair(1, 0x1p24f), pair(1, 0)) == 0x1p24f + 2);
    assert_true(SUM(0x1p24f, pair(1, 0), pair(1, 0)) == 0x1p24f + 2);
    assert_true(SUM(0x1p24f, pair(1, 1)) == 0x1p24f + 2);
    assert_true(SUM(0x1p24f, pair(1, 0)) == 0x1p24f);
}

static void denormals_are_zeros(void **state)
{
    const float denormal = 0x1p-127f, least = FLT_MIN;
    (void)state;
    need_avx512();
    assert_true(SUM(denormal, pair(0, 0)) == 0);
    assert_true(SUM(0, pair(denormal, denormal)) == 0);
    assert_true(SUM(0, pair(least, 0)) == least);
    assert_true(SUM(-1.5f * least, pair(least, 0)) == 0);
    assert_true(SUM(0, pair(1.5f * least, 0), pair(-least, 0), pair(least, 0)) == least);
    assert_true(SUM(0, pair(1.5f * least, -least)) == 0);
    assert_true(signbit(SUM(0, pair(-1.5f * least, least))) == 0); /* -0 + 0 */
}

static void infinities_and_nan_come_through(void **state)
{
    (void)state;
    need_avx512();
    assert_true(SUM(1, pair(INFINITY, 3)) == INFINITY);
    assert_true(SUM(-INFINITY, pair(2, 3)) == -INFINITY);
    assert_true(isnan(SUM(0, pair(INFINITY, -INFINITY))));
    assert_true(isnan(SUM(0, pair(NAN, 3))));
    assert_true(isnan(SUM(NAN, pair(2, 3))));
    assert_true(SUM(0, pair(0x1.fep127f, 0), pair(0x1.fep127f, 0)) == INFINITY);
}

/* --- what is refused -------------------------------------------------------------------------- */

static void what_a_cpu_would_refuse_is_refused(void **state)
{
    static const uint8_t *const unshaped[] = {load_plain, store_plain, zero, multiply};
    static const uint8_t *const wrong[] = {multiply_onto_a, multiply_onto_b, multiply_by_itself,
                                           multiply_unshaped};
    struct machine m = {.general = {0}};
    (void)state;
    need_avx512();
    emulate(&m, release);
    for (size_t i = 0; i < sizeof unshaped / sizeof *unshaped; i++)
        refuse(&m, unshaped[i]);
    shape_tiles(shapes_of(16, 16, 16));
    emulate(&m, multiply);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        refuse(&m, wrong[i]);
    struct shapes shapes = shapes_of(16, 16, 16);
    for (int tile = 0; tile < 3; tile++) {
        shapes = shapes_of(16, 16, 16);
        shapes.rows[tile] = 15;
        shape_tiles(shapes);
        refuse(&m, multiply);
        shapes = shapes_of(16, 16, 16);
        shapes.row_bytes[tile] = 60;
        shape_tiles(shapes);
        refuse(&m, multiply);
    }
}

static void other_instructions_are_left_alone(void **state)
{
    static const uint8_t *const others[] = {nothing, add, permute, multiply_whole_numbers};
    struct machine m = {.general = {0}};
    (void)state;
    need_avx512();
    shape_tiles(shapes_of(16, 16, 16));
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        refuse(&m, others[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(vectors_are_as_on_this_cpu),
        cmocka_unit_test(shapes_are_kept_until_they_are_released),
        cmocka_unit_test(wrong_shapes_are_refused),
        cmocka_unit_test(tiles_are_loaded_and_stored),
        cmocka_unit_test(products_are_those_of_the_definition),
        cmocka_unit_test(sums_have_the_order_of_the_manual),
        cmocka_unit_test(denormals_are_zeros),
        cmocka_unit_test(infinities_and_nan_come_through),
        cmocka_unit_test(what_a_cpu_would_refuse_is_refused),
        cmocka_unit_test(other_instructions_are_left_alone),
    };
    return cmocka_run_group_tests(tests, catch_traps, NULL);
}

#else

static void other_cpus_emulate_nothing(void **state)
{
    (void)state;
    skip();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(other_cpus_emulate_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}

#endif
