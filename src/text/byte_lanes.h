/* Eight bytes of text at once, as the lanes of one number: the first byte is the lowest lane. The
 * questions answer with the top bit of each lane that they hold for. */
#ifndef LAMBERT_TEXT_BYTE_LANES_H
#define LAMBERT_TEXT_BYTE_LANES_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { BYTE_LANES = 8 };

#define LANE_TOPS UINT64_C(0x8080808080808080)

static inline uint64_t lanes_of(unsigned char byte)
{
    return byte * UINT64_C(0x0101010101010101);
}

static inline uint64_t lanes_load(const char *text)
{
    uint64_t lanes;
    memcpy(&lanes, text, sizeof lanes);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    lanes = __builtin_bswap64(lanes);
#endif
    return lanes;
}

/* Of lanes below 0x80: not less than `byte`. */
static inline uint64_t lanes_from(uint64_t lanes, unsigned char byte)
{
    return (lanes + lanes_of((unsigned char)(0x80 - byte))) & LANE_TOPS;
}

/* ASCII letters and digits. */
static inline uint64_t lanes_alphanumeric(uint64_t lanes)
{
    uint64_t low = lanes & ~LANE_TOPS, lower = low | lanes_of(0x20);
    uint64_t letters = lanes_from(lower, 'a') & ~lanes_from(lower, 'z' + 1);
    uint64_t digits = lanes_from(low, '0') & ~lanes_from(low, '9' + 1);
    return (letters | digits) & ~lanes;
}

/* Anything but ASCII from the blank to the tilde. */
static inline uint64_t lanes_not_printable(uint64_t lanes)
{
    uint64_t low = lanes & ~LANE_TOPS;
    return (lanes & LANE_TOPS) | (~lanes_from(low, ' ') & LANE_TOPS) | lanes_from(low, 0x7F);
}

/* Anything beyond the blank. */
static inline uint64_t lanes_visible(uint64_t lanes)
{
    return (lanes & LANE_TOPS) | lanes_from(lanes & ~LANE_TOPS, ' ' + 1);
}

static inline uint64_t lanes_equal(uint64_t lanes, unsigned char byte)
{
    uint64_t other = lanes ^ lanes_of(byte);
    return ~(((other & ~LANE_TOPS) + ~LANE_TOPS) | other) & LANE_TOPS;
}

/* The answer as 8 bits, the lowest for the first lane. */
static inline uint64_t lanes_bits(uint64_t answer)
{
    return (answer >> 7) * UINT64_C(0x0102040810204080) >> 56;
}

/* The number of the first lane in the answer to a question, which is not 0. */
static inline size_t lanes_first(uint64_t answer)
{
    return (size_t)__builtin_ctzll(answer) / 8;
}

#endif
