#include "abbreviations.h"

#include <string.h>

enum { LONGEST_ABBREVIATION = 7 };

struct listed {
    char word[LONGEST_ABBREVIATION]; /* zeros behind it */
    unsigned char kind;
};

/* clang-format off */
#define T(word) {word, ABBREVIATION_TITLE}
#define N(word) {word, ABBREVIATION_NUMBER}
#define L(word) {word, ABBREVIATION_LAST}

/* Sorted by their bytes. What may end a sentence as well as any word ("etc.") is not listed. */
static const struct listed abbreviations[] = {
    T("Adm"), L("Ala"), T("Amb"), N("Apr"), L("Ariz"), L("Ark"), N("Art"), L("Assoc"), T("Atty"),
    N("Aug"), L("Ave"), L("Blvd"), T("Brig"), L("Bros"), L("Calif"), T("Capt"), N("Ch"), N("Chap"),
    L("Cie"), T("Cmdr"), L("Co"), T("Col"), L("Colo"), L("Conn"), L("Corp"), L("Cos"), T("Cpl"),
    N("Dec"), L("Del"), L("Dept"), T("Det"), T("Dr"), T("Drs"), N("Eq"), L("Esq"), N("Ex"),
    N("Feb"), N("Fig"), N("Figs"), L("Fla"), T("Fr"), T("Ft"), L("Ga"), T("Gen"), T("Gov"),
    T("Hon"), N("Hwy"), L("Ill"), L("Inc"), L("Ind"), T("Insp"), N("Jan"), L("Jr"), N("Jul"),
    N("Jun"), L("Kan"), L("Ky"), L("La"), N("Lot"), T("Lt"), L("Ltd"), T("Maj"), N("Mar"),
    L("Mass"), L("Md"), T("Messrs"), L("Mich"), L("Minn"), L("Miss"), T("Mlle"), T("Mme"), L("Mo"),
    L("Mont"), T("Mr"), T("Mrs"), T("Ms"), T("Msgr"), T("Mt"), T("Mx"), L("Neb"), L("Nev"), N("No"),
    N("Nos"), N("Nov"), N("Nr"), N("Oct"), L("Okla"), L("Ont"), N("Op"), L("Ore"), N("P"), L("Pa"),
    N("Para"), L("Penn"), T("Ph"), N("Pp"), T("Pres"), T("Prof"), T("Pt"), T("Pvt"), L("Que"),
    L("Rd"), T("Rep"), T("Reps"), T("Rev"), N("Rte"), N("Sec"), N("Secs"), T("Sen"), T("Sens"),
    N("Sep"), N("Sept"), N("Ser"), T("Sgt"), L("Sr"), T("Sra"), T("Srta"), L("St"), T("Ste"),
    T("Supt"), N("Tel"), L("Tenn"), L("Tex"), L("Univ"), L("Va"), N("Vol"), N("Vols"), L("Vt"),
    L("Wash"), L("Wis"), L("Wyo"), T("a.k.a"), L("al"), T("approx"), N("art"), N("b"), N("c"),
    T("ca"), T("cf"), N("ch"), N("chap"), N("d"), T("dir"), T("e.g"), T("eg"), N("eq"), T("esp"),
    L("est"), N("ext"), N("fig"), N("figs"), N("fl"), T("i.e"), T("ie"), T("incl"), N("n"), N("no"),
    N("nos"), N("nr"), N("op"), T("orig"), N("p"), N("para"), N("pp"), T("prod"), N("r"), T("resp"),
    N("sec"), N("tel"), T("trans"), T("transl"), T("v"), T("viz"), N("vol"), N("vols"), T("vs"),
};
/* clang-format on */

/* Words between blanks, searched with strstr(). */
static const char starters[] =
    " The A An In On At It Its He She His Her They Their We Our I You Your My This That These "
    "Those "
    "There Here After Before When While As If But And Or So Yet However For From By With Without "
    "During Since Although Though Under Over Some Many Most Each Both All One Two Several Such Not "
    "No To Of What Who Where Why How Which Then Thus Also According Other Others Another Despite "
    "Because Until Once Later Today Now Only Even Every Between Among Through Following Upon Is "
    "Was "
    "Are Were Did Do Does Has Had Have Can Will Would Unlike Like Instead Meanwhile Moreover "
    "Furthermore Finally First Additionally Nevertheless Therefore ";

enum { LONGEST_STARTER = 16 };

static int compare(const struct listed *listed, const char word[LONGEST_ABBREVIATION])
{
    return memcmp(listed->word, word, LONGEST_ABBREVIATION);
}

enum abbreviation abbreviation_of(const char *word, size_t size)
{
    char wanted[LONGEST_ABBREVIATION] = "";
    size_t begin = 0, end = sizeof abbreviations / sizeof abbreviations[0];
    if (size == 0 || size > LONGEST_ABBREVIATION || memchr(word, 0, size))
        return ABBREVIATION_NONE;
    memcpy(wanted, word, size);
    while (begin < end) {
        size_t middle = (begin + end) / 2;
        int order = compare(&abbreviations[middle], wanted);
        if (order == 0)
            return abbreviations[middle].kind;
        if (order < 0)
            begin = middle + 1;
        else
            end = middle;
    }
    return ABBREVIATION_NONE;
}

bool is_sentence_starter(const char *word, size_t size)
{
    char wanted[LONGEST_STARTER + 3] = " ";
    if (size == 0 || size > LONGEST_STARTER || memchr(word, ' ', size) || memchr(word, 0, size))
        return false;
    memcpy(wanted + 1, word, size);
    wanted[size + 1] = ' ';
    return strstr(starters, wanted) != NULL;
}
