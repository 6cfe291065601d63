#include "encoding_guess.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lambert/base/buffer.h"
#include "lambert/text/text_encoding.h"
#include "lambert/text/unicode.h"

/* What letters that are not ASCII stand beside, within a word. */
enum company { AMONG_ASCII, AMONG_THEIR_LIKE };

struct language_letters {
    enum company company;
    const char *common, *rare; /* letters and signs, lower case; a rare one counts half */
    int32_t first, end;        /* code points that count as common too */
    double share; /* of the characters that are not ASCII, that the common ones make up */
};

static const struct language_letters west = {
    AMONG_ASCII, "éèàêçâîôùûëïäöüßñíóáúãõåæøœìò’‘“”«»–—…°§", "ýþð¿¡ºª·€£©®´", 0, 0, 1};
static const struct language_letters middle = {
    AMONG_ASCII, "áéíóúýčďěňřšťůžąćęłńśźżőűöüäăâîșțşţđľô„”“–—…’", "ĺŕßëç»«€§°", 0, 0, 1};
static const struct language_letters turkish = {AMONG_ASCII, "ıİşğüöçâî’“”–…", "û€", 0, 0, 1};
static const struct language_letters baltic = {
    AMONG_ASCII, "ąčęėįšųūžāēģīķļņõäöü„“”–’", "«»åćśźżłńó", 0, 0, 1};
static const struct language_letters cyrillic = {
    AMONG_THEIR_LIKE, "оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфіїє«»–—…", "ъёґўјљњђћџѓќ№“”„’", 0, 0, 1};
static const struct language_letters greek = {
    AMONG_THEIR_LIKE, "αοτιεσνηρπκμυλςωδάγθίόέύχφήβώξζψ", "ϊϋΐΰ«»’–", 0, 0, 1};
static const struct language_letters hebrew = {
    AMONG_THEIR_LIKE, "יהולארמתבשנחדעקכםפטגצןסזךףץ", "–”“׳״", 0, 0, 1};
static const struct language_letters arabic = {
    AMONG_THEIR_LIKE, "اليموتنربعفدسهةكقحأجشطصىخإضذزثئءغظ،", "ؤآپچژگ؟؛ًٌٍَُِّْ", 0, 0, 1};
static const struct language_letters thai = {AMONG_THEIR_LIKE, "", "", 0x0E01, 0x0E5C, 1.05};
static const struct language_letters japanese = {AMONG_THEIR_LIKE, "、。・ー", "",
                                                 0x3041,           0x30FF,     0.5};
static const struct language_letters korean = {AMONG_THEIR_LIKE, "", "", 0xAC00, 0xD7A4, 0.95};
static const struct language_letters simplified = {
    AMONG_THEIR_LIKE,
    "的一是不了在人有我他这中大来上国和地到们说时为子就出也年得要下以生会自着去之过家学对可她里后小么心多"
    "天而能好都然没日于起还发成事只作当想看文无开手十用主行方又如前所本见经头面公同三已老从动，。",
    "",
    0,
    0,
    0.35};
static const struct language_letters traditional = {
    AMONG_THEIR_LIKE,
    "的一是不了在人有我他這中大來上國和地到們說時為子就出也年得要下以生會自著去之過家學對可她裡後小麼心多"
    "天而能好都然沒日於起還發成事只作當想看文無開手十用主行方又如前所本見經頭面公同三已老從動，。",
    "",
    0,
    0,
    0.35};

/* The commoner one first: it is taken where two fit alike. */
static const struct {
    const char *encoding;
    const struct language_letters *letters;
} candidates[] = {{"CP1252", &west},
                  {"CP1251", &cyrillic},
                  {"KOI8-R", &cyrillic},
                  {"KOI8-U", &cyrillic},
                  {"CP866", &cyrillic},
                  {"ISO-8859-5", &cyrillic},
                  {"MAC-CYRILLIC", &cyrillic},
                  {"CP1250", &middle},
                  {"ISO-8859-2", &middle},
                  {"ISO-8859-16", &middle},
                  {"CP1254", &turkish},
                  {"CP1257", &baltic},
                  {"ISO-8859-15", &west},
                  {"MACINTOSH", &west},
                  {"CP850", &west},
                  {"CP852", &middle},
                  {"CP1253", &greek},
                  {"ISO-8859-7", &greek},
                  {"CP1255", &hebrew},
                  {"CP1256", &arabic},
                  {"ISO-8859-6", &arabic},
                  {"CP874", &thai},
                  {"CP932", &japanese},
                  {"EUC-JP", &japanese},
                  {"CP949", &korean},
                  {"GB18030", &simplified},
                  {"BIG5", &traditional},
                  {"BIG5-HKSCS", &traditional}};

/* More bytes than that which mean nothing there: it was another encoding. */
#define MOST_UNDECODED 0.002
#define LEAST_SCORE    0.6
enum { LEAST_CHARACTERS = 5 };

static bool is_among(const char *letters, int32_t code)
{
    char text[UNICODE_UTF8_LONGEST + 1] = {0};
    unicode_encode(code, text);
    return strstr(letters, text) != NULL;
}

/* From -1 to 1. A capital counts less: where all letters become capitals it was another encoding, and
 * certainly where one stands behind a small letter. */
static double weight_of(const struct language_letters *letters, int32_t code, int32_t before)
{
    int32_t lower[UNICODE_LOWER_LONGEST];
    if (code < 0xA0)
        return -1;
    if ((code >= letters->first && code < letters->end) || is_among(letters->common, code))
        return 1;
    if (is_among(letters->rare, code))
        return 0.5;
    return unicode_is_upper(code) && !unicode_is_lower(before) && unicode_lower(code, lower) == 1 &&
                   is_among(letters->common, lower[0])
               ? 0.95
               : 0;
}

/* Whether a letter stands beside one that is, or is not, ASCII. */
static bool in_company(enum company company, bool letter, int32_t before, int32_t after)
{
    const int32_t beside[] = {before, after};
    for (int i = 0; letter && i < 2; i++)
        if (beside[i] > 0 && (unicode_is_letter(beside[i]) || unicode_is_accent(beside[i])) &&
            (beside[i] < 0x80) == (company == AMONG_ASCII))
            return true;
    return false;
}

/* How well the text fits: at most 1. */
static double score(const struct language_letters *letters, const char *text, size_t size)
{
    double weight = 0;
    uint64_t characters = 0, in_words = 0, accompanied = 0;
    int32_t before = 0, code, after;
    for (size_t at = 0, taken; at < size; at += taken, before = code) {
        taken = unicode_decode(text + at, size - at, &code);
        if (taken == 0)
            break;
        if (code < 0x80)
            continue;
        if (at + taken == size || unicode_decode(text + at + taken, size - at - taken, &after) == 0)
            after = 0;
        const bool letter = unicode_is_letter(code) || unicode_is_accent(code);
        characters++;
        weight += weight_of(letters, code, before);
        in_words += letter;
        accompanied += in_company(letters->company, letter, before, after);
    }
    if (characters < LEAST_CHARACTERS || in_words == 0)
        return 0;
    const double share = weight / (double)characters / letters->share;
    return (share < 1 ? share : 1) * (double)accompanied / (double)in_words;
}

const char *encoding_guess(const void *bytes, size_t size)
{
    const char *best = NULL;
    double best_score = LEAST_SCORE;
    struct buffer text = {0};
    for (size_t i = 0; i < sizeof candidates / sizeof candidates[0]; i++) {
        buffer_reset(&text);
        const uint64_t undecoded = text_decode(candidates[i].encoding, bytes, size, false, &text);
        if ((double)undecoded > MOST_UNDECODED * (double)size)
            continue;
        const double found = score(candidates[i].letters, (const char *)text.data, text.size);
        if (found > best_score + 1e-6) {
            best_score = found;
            best = candidates[i].encoding;
        }
    }
    buffer_release(&text);
    return best;
}
