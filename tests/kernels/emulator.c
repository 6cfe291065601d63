#define _GNU_SOURCE
#include "emulator.h"

#ifndef __x86_64__

bool emulator_step(void *context)
{
    (void)context;
    return false;
}

#else

#include <cpuid.h>
#include <immintrin.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <ucontext.h>

#include "lambert/base/float16.h"

/* --- decoding (SDM 2, 2.3 and 2.7) ------------------------------------------------------------ */

enum prefix { PREFIX_NONE, PREFIX_66, PREFIX_F3, PREFIX_F2 };

/* Its opcode follows 0F 38. */
struct instruction {
    bool evex; /* else VEX */
    enum prefix prefix;
    int opcode;
    int lanes; /* of 4 bytes in a vector */
    int reg, other,
        rm;   /* registers of ModRM.reg, of vvvv and, where `memory` is not, of ModRM.rm */
    int mask; /* its register; 0: none */
    bool zeroing, broadcast;
    bool memory, has_sib;
    uintptr_t base, index; /* with displacement, and scaled: their sum is the address */
    const uint8_t *next;
};

static uintptr_t general_register(const ucontext_t *context, int number)
{
    static const int places[] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP,
                                 REG_RSI, REG_RDI, REG_R8,  REG_R9,  REG_R10, REG_R11,
                                 REG_R12, REG_R13, REG_R14, REG_R15};
    return (uintptr_t)context->uc_mcontext.gregs[places[number]];
}

/* ModRM at `at`, SIB and displacement; x and b are bits of the prefix. A displacement of one byte
 * counts `unit` bytes. */
static void decode_operand(const ucontext_t *context, const uint8_t *at, int x, int b, int unit,
                           struct instruction *in)
{
    const int mod = *at >> 6;
    int base = (*at++ & 7) | b << 3;
    in->memory = mod != 3;
    in->rm = base | (in->evex ? x << 4 : 0);
    in->has_sib = in->memory && (base & 7) == 4;
    if (in->has_sib) {
        const int index = (*at >> 3 & 7) | x << 3;
        in->index = index == 4 ? 0 : general_register(context, index) << (*at >> 6);
        base = (*at++ & 7) | b << 3;
    }
    const bool no_base = mod == 0 && (base & 7) == 5;
    int32_t displacement = 0;
    if (mod == 1) {
        displacement = (int8_t)*at++ * unit;
    } else if (mod == 2 || no_base) {
        memcpy(&displacement, at, sizeof displacement);
        at += sizeof displacement;
    }
    in->next = at;
    if (in->memory) {
        const uintptr_t from = !no_base      ? general_register(context, base)
                               : in->has_sib ? 0
                                             : (uintptr_t)in->next;
        in->base = from + (uintptr_t)(intptr_t)displacement;
    }
}

static bool decode(const ucontext_t *context, struct instruction *in)
{
    const uint8_t *at = (const uint8_t *)context->uc_mcontext.gregs[REG_RIP];
    *in = (struct instruction){.evex = at[0] == 0x62};
    if (!in->evex && at[0] != 0xc4)
        return false;
    /* Of VEX: R X B map, W vvvv L pp. Of EVEX: R X B R' map, W vvvv 1 pp, z L'L b V' aaa. R, X, B,
     * R', V' and vvvv are inverted. */
    const uint8_t first = at[1], second = at[2], third = in->evex ? at[3] : 0;
    const int map = in->evex ? first & 15 : first & 31;
    if (map != 2 || second & 0x80 || (in->evex && !(second & 4)))
        return false;
    in->prefix = (enum prefix)(second & 3);
    in->other = ~(second >> 3) & 15;
    in->lanes = second & 4 ? 8 : 4;
    at += 3;
    if (in->evex) {
        in->other |= third & 8 ? 0 : 16;
        in->lanes = 4 << (third >> 5 & 3);
        in->zeroing = third & 0x80;
        in->broadcast = third & 0x10;
        in->mask = third & 7;
        at++;
    }
    in->opcode = *at++;
    in->reg = (*at >> 3 & 7) | (first & 0x80 ? 0 : 8) | (in->evex && !(first & 0x10) ? 16 : 0);
    const int unit = !in->evex ? 1 : in->broadcast ? 4 : in->lanes * 4;
    decode_operand(context, at, !(first & 0x40), !(first & 0x20), unit, in);
    return in->lanes <= 16 && (in->memory || !in->broadcast);
}

/* --- arithmetic ------------------------------------------------------------------------------- */

static inline float float_of(uint32_t bits)
{
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static inline uint32_t bits_of(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* Denormals as zeros. */
static inline float flushed(float x)
{
    const uint32_t bits = bits_of(x);
    return float_of(bits & 0x7f800000 ? bits : bits & 0x80000000);
}

/* The elements of a pair. */
static inline float even_of(uint32_t pair)
{
    return flushed(bfloat16_to_float((uint16_t)pair));
}

static inline float odd_of(uint32_t pair)
{
    return flushed(bfloat16_to_float((uint16_t)(pair >> 16)));
}

/* All CPUs with AVX-512 have these, and others run no kernel that is emulated here. */
#define WITH_FMA __attribute__((target("avx2,fma")))

WITH_FMA static inline float add_product(float sum, float a, float b)
{
    return flushed(__builtin_fmaf(a, b, sum));
}

static uint16_t to_bfloat16(uint32_t bits)
{
    if (!(bits & 0x7f800000))
        return bits >> 16 & 0x8000;
    if ((bits & 0x7fffffff) > 0x7f800000)
        return (uint16_t)(bits >> 16 | 0x40); /* a NaN, made quiet */
    if ((bits & 0x7fffffff) == 0x7f800000)
        return (uint16_t)(bits >> 16);
    return (uint16_t)((bits + 0x7fff + (bits >> 16 & 1)) >> 16);
}

/* --- vectors ---------------------------------------------------------------------------------- */

/* Of what the kernel has saved of a thread that was interrupted, in the standard form of XSAVE (SDM
 * 1, 13.4), the parts that hold vectors and masks. */
enum { SSE = 1, AVX = 2, OPMASK = 5, ZMM_UPPER = 6, ZMM_16_31 = 7, COMPONENTS = 8 };

struct registers {
    uint8_t *area;
    unsigned places[COMPONENTS], sizes[COMPONENTS];
};

/* Where they are is asked once a thread: in a virtual machine CPUID takes longer than a signal. */
static void find_places(struct registers *r)
{
    enum { SSE_REGISTERS = 160, SSE_BYTES = 256 };
    static _Thread_local struct registers known;
    for (int i = AVX; i < COMPONENTS && known.sizes[SSE] == 0; i++) {
        unsigned flags, unused;
        __cpuid_count(0xd, i, known.sizes[i], known.places[i], flags, unused);
    }
    known.places[SSE] = SSE_REGISTERS;
    known.sizes[SSE] = SSE_BYTES;
    *r = known;
}

/* False where the kernel has not saved them all. A part that is in its first state is not there: it
 * is made, of zeros. */
static bool registers_init(struct registers *r, ucontext_t *context)
{
    enum { SOFTWARE = 464, HEADER = 512 };
    uint32_t magic;
    uint64_t there, in_use;
    find_places(r);
    r->area = (uint8_t *)context->uc_mcontext.fpregs;
    memcpy(&magic, r->area + SOFTWARE, sizeof magic);
    if (magic != 0x46505853) /* FP_XSTATE_MAGIC1 */
        return false;
    memcpy(&there, r->area + SOFTWARE + 8, sizeof there);
    memcpy(&in_use, r->area + HEADER, sizeof in_use);
    for (int i = SSE; i < COMPONENTS; i++) {
        if (i > AVX && i < OPMASK)
            continue;
        if (!(there >> i & 1))
            return false;
        if (!(in_use >> i & 1))
            memset(r->area + r->places[i], 0, r->sizes[i]);
        in_use |= UINT64_C(1) << i;
    }
    memcpy(r->area + HEADER, &in_use, sizeof in_use);
    return true;
}

/* 4 bytes of a vector. */
static uint8_t *lane(const struct registers *r, int number, int i)
{
    if (number >= 16)
        return r->area + r->places[ZMM_16_31] + 64 * (number - 16) + 4 * i;
    if (i >= 8)
        return r->area + r->places[ZMM_UPPER] + 32 * number + 4 * (i - 8);
    return r->area + r->places[i < 4 ? SSE : AVX] + 16 * number + 4 * (i & 3);
}

static void read_vector(const struct registers *r, int number, uint32_t lanes[16])
{
    for (int i = 0; i < 16; i++)
        memcpy(&lanes[i], lane(r, number, i), 4);
}

static void write_vector(const struct registers *r, int number, const uint32_t lanes[16])
{
    for (int i = 0; i < 16; i++)
        memcpy(lane(r, number, i), &lanes[i], 4);
}

/* The operand that may lie in memory, where only the lanes of `wanted` are touched. */
static void read_operand(const struct registers *r, const struct instruction *in, uint64_t wanted,
                         uint32_t lanes[16])
{
    if (!in->memory) {
        read_vector(r, in->rm, lanes);
        return;
    }
    const uint8_t *from = (const uint8_t *)(in->base + in->index);
    for (int i = 0; i < in->lanes; i++)
        if (wanted >> i & 1)
            memcpy(&lanes[i], from + (in->broadcast ? 0 : 4 * i), 4);
}

static uint64_t read_mask(const struct registers *r, const struct instruction *in)
{
    uint64_t mask = UINT64_MAX;
    if (in->mask)
        memcpy(&mask, r->area + r->places[OPMASK] + 8 * in->mask, sizeof mask);
    return mask;
}

static void vdpbf16ps(const struct registers *r, const struct instruction *in)
{
    const uint64_t mask = read_mask(r, in);
    uint32_t a[16], b[16] = {0}, sums[16], result[16] = {0};
    read_vector(r, in->other, a);
    read_operand(r, in, mask, b);
    read_vector(r, in->reg, sums);
    for (int i = 0; i < in->lanes; i++) {
        float sum = flushed(float_of(sums[i]));
        sum = add_product(sum, odd_of(a[i]), odd_of(b[i]));
        sum = add_product(sum, even_of(a[i]), even_of(b[i]));
        result[i] = mask >> i & 1 ? bits_of(sum) : in->zeroing ? 0 : sums[i];
    }
    write_vector(r, in->reg, result);
}

/* Elements of 2 bytes, where the mask says so, over those of the destination. */
static void write_bfloat16(const struct registers *r, const struct instruction *in, int count,
                           const uint16_t *values)
{
    const uint64_t mask = read_mask(r, in);
    uint32_t lanes[16];
    uint16_t result[32];
    read_vector(r, in->reg, lanes);
    memcpy(result, lanes, sizeof result);
    for (int i = 0; i < 32; i++)
        if (i >= count || (in->zeroing && !(mask >> i & 1)))
            result[i] = 0;
        else if (mask >> i & 1)
            result[i] = values[i];
    memcpy(lanes, result, sizeof lanes);
    write_vector(r, in->reg, lanes);
}

static void vcvtneps2bf16(const struct registers *r, const struct instruction *in)
{
    uint32_t from[16] = {0};
    uint16_t to[16];
    read_operand(r, in, read_mask(r, in), from);
    for (int i = 0; i < in->lanes; i++)
        to[i] = to_bfloat16(from[i]);
    write_bfloat16(r, in, in->lanes, to);
}

static void vcvtne2ps2bf16(const struct registers *r, const struct instruction *in)
{
    uint32_t low[16] = {0}, high[16];
    uint16_t to[32];
    read_operand(r, in, UINT64_MAX, low);
    read_vector(r, in->other, high);
    for (int i = 0; i < in->lanes; i++) {
        to[i] = to_bfloat16(low[i]);
        to[in->lanes + i] = to_bfloat16(high[i]);
    }
    write_bfloat16(r, in, 2 * in->lanes, to);
}

static bool step_vector(ucontext_t *context, const struct instruction *in)
{
    struct registers r;
    const bool one_source = in->opcode == 0x72 && in->prefix == PREFIX_F3;
    if ((one_source && in->other != 0) || (in->zeroing && in->mask == 0))
        return false;
    if (in->opcode == 0x52 && in->prefix == PREFIX_F3 && registers_init(&r, context))
        vdpbf16ps(&r, in);
    else if (one_source && registers_init(&r, context))
        vcvtneps2bf16(&r, in);
    else if (in->opcode == 0x72 && in->prefix == PREFIX_F2 && registers_init(&r, context))
        vcvtne2ps2bf16(&r, in);
    else
        return false;
    return true;
}

/* --- tiles ------------------------------------------------------------------------------------ */

enum { TILES = 8, ROWS = 16, WORDS = 16, ROW_BYTES = 64 };

/* As LDTILECFG reads it, and STTILECFG writes it. */
struct shapes {
    uint8_t palette, start_row, reserved[14];
    uint16_t row_bytes[16];
    uint8_t rows[16];
};

/* Of the calling thread. Rows and bytes beyond a tile's shape are zeros. */
static _Thread_local struct {
    struct shapes shapes;
    uint32_t tiles[TILES][ROWS][WORDS];
} amx;

static bool shapes_are_right(const struct shapes *s)
{
    static const uint8_t zeros[14];
    bool right = s->palette == 1 && s->start_row == 0 && memcmp(s->reserved, zeros, 14) == 0;
    for (int i = 0; i < 16; i++) {
        right = right && s->row_bytes[i] <= ROW_BYTES && s->rows[i] <= ROWS;
        right = right && (s->row_bytes[i] == 0) == (s->rows[i] == 0);
        right = right && (i < TILES || s->rows[i] == 0);
    }
    return right;
}

static bool ldtilecfg(const struct instruction *in)
{
    struct shapes shapes;
    memcpy(&shapes, (const void *)(in->base + in->index), sizeof shapes);
    if (shapes.palette != 0 && !shapes_are_right(&shapes))
        return false;
    memset(&amx, 0, sizeof amx);
    if (shapes.palette != 0)
        amx.shapes = shapes;
    return true;
}

static bool sttilecfg(const struct instruction *in)
{
    memcpy((void *)(in->base + in->index), &amx.shapes, sizeof amx.shapes);
    return true;
}

static bool tile_is_there(int number)
{
    return number < TILES && amx.shapes.rows[number] > 0;
}

/* The index is the distance of rows. */
static bool tileload(const struct instruction *in)
{
    if (!tile_is_there(in->reg))
        return false;
    memset(amx.tiles[in->reg], 0, sizeof amx.tiles[in->reg]);
    for (uintptr_t row = 0; row < amx.shapes.rows[in->reg]; row++)
        memcpy(amx.tiles[in->reg][row], (const void *)(in->base + row * in->index),
               amx.shapes.row_bytes[in->reg]);
    return true;
}

static bool tilestore(const struct instruction *in)
{
    if (!tile_is_there(in->reg))
        return false;
    for (uintptr_t row = 0; row < amx.shapes.rows[in->reg]; row++)
        memcpy((void *)(in->base + row * in->index), amx.tiles[in->reg][row],
               amx.shapes.row_bytes[in->reg]);
    return true;
}

static bool tilezero(const struct instruction *in)
{
    if (!tile_is_there(in->reg))
        return false;
    memset(amx.tiles[in->reg], 0, sizeof amx.tiles[in->reg]);
    return true;
}

/* The same as above, on eight lanes: a test has millions of these. */
WITH_FMA static inline __m256 flushed_lanes(__m256 x)
{
    const __m256i bits = _mm256_castps_si256(x), sign = _mm256_set1_epi32(INT32_MIN);
    const __m256i exponent = _mm256_and_si256(bits, _mm256_set1_epi32(0x7f800000));
    const __m256i normal = _mm256_cmpgt_epi32(exponent, _mm256_setzero_si256());
    return _mm256_castsi256_ps(_mm256_and_si256(bits, _mm256_or_si256(normal, sign)));
}

WITH_FMA static inline __m256 add_lanes(__m256 sum, float a, __m256i b)
{
    const __m256 factor = flushed_lanes(_mm256_castsi256_ps(b));
    return flushed_lanes(_mm256_fmadd_ps(_mm256_set1_ps(a), factor, sum));
}

/* Eight words of a row of C. What lies beyond its shape gets sums of zeros. */
WITH_FMA static void add_row(const uint32_t *a, const uint32_t (*b)[WORDS], int first, int depth,
                             uint32_t *c)
{
    __m256 even = _mm256_setzero_ps(), odd = even;
    for (int k = 0; k < depth; k++) {
        const __m256i pairs = _mm256_loadu_si256((const __m256i *)&b[k][first]);
        even = add_lanes(even, even_of(a[k]), _mm256_slli_epi32(pairs, 16));
        odd = add_lanes(odd, odd_of(a[k]),
                        _mm256_and_si256(pairs, _mm256_set1_epi32((int)0xffff0000)));
    }
    const __m256 old = _mm256_loadu_ps((const float *)(const void *)(c + first));
    const __m256 sum = flushed_lanes(_mm256_add_ps(even, odd));
    _mm256_storeu_ps((float *)(void *)(c + first),
                     flushed_lanes(_mm256_add_ps(flushed_lanes(old), sum)));
}

static bool tdpbf16ps(const struct instruction *in)
{
    const struct shapes *s = &amx.shapes;
    const int c = in->reg, a = in->rm, b = in->other;
    if (!tile_is_there(c) || !tile_is_there(a) || !tile_is_there(b) || c == a || c == b || a == b)
        return false;
    if (s->rows[c] != s->rows[a] || s->row_bytes[c] != s->row_bytes[b] ||
        s->row_bytes[a] != 4 * s->rows[b] || s->row_bytes[b] % 4 != 0)
        return false;
    for (int m = 0; m < s->rows[c]; m++)
        for (int first = 0; first < WORDS; first += 8)
            add_row(amx.tiles[a][m], (const uint32_t(*)[WORDS])amx.tiles[b], first, s->rows[b],
                    amx.tiles[c][m]);
    return true;
}

static bool step_tile(const struct instruction *in)
{
    const bool no_other = in->other == 0;
    if (in->lanes != 4)
        return false;
    if (in->opcode == 0x49 && no_other && in->memory)
        return in->reg != 0                ? false
               : in->prefix == PREFIX_NONE ? ldtilecfg(in)
               : in->prefix == PREFIX_66   ? sttilecfg(in)
                                           : false;
    if (in->opcode == 0x49 && no_other && in->rm == 0 && in->prefix == PREFIX_F2)
        return tilezero(in);
    if (in->opcode == 0x49 && no_other && in->rm == 0 && in->reg == 0 &&
        in->prefix == PREFIX_NONE) {
        memset(&amx, 0, sizeof amx);
        return true;
    }
    if (in->opcode == 0x4b && no_other && in->has_sib)
        return in->prefix == PREFIX_F3 ? tilestore(in) : in->prefix != PREFIX_NONE && tileload(in);
    if (in->opcode == 0x5c && !in->memory && in->prefix == PREFIX_F3)
        return tdpbf16ps(in);
    return false;
}

bool emulator_step(void *context)
{
    ucontext_t *thread = context;
    struct instruction in;
    if (!decode(thread, &in) || !(in.evex ? step_vector(thread, &in) : step_tile(&in)))
        return false;
    thread->uc_mcontext.gregs[REG_RIP] = (greg_t)in.next;
    return true;
}

#endif
