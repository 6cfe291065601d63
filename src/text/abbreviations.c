#include "abbreviations.h"

#include <string.h>

/* Words between blanks, so that a list reads as a list and is searched with strstr(). What may end
 * a sentence as well as any word ("etc.") is not listed. */
static const char titles[] =
    " Mr Mrs Ms Mx Messrs Mme Mlle Dr Drs Prof Rev Fr Hon Ste Msgr Sra Srta Pres Gov Lt Sgt Cpl "
    "Pvt "
    "Capt Cmdr Maj Col Gen Adm Brig Supt Insp Det Rep Reps Sen Sens Amb Atty Ft Mt Pt Ph v vs viz "
    "cf "
    "eg ie e.g i.e a.k.a ca approx resp incl esp orig trans transl prod dir ";
static const char before_numbers[] =
    " No Nos no nos Nr nr Vol Vols vol vols Art art Sec Secs sec Ch ch Chap chap Fig Figs fig figs "
    "Eq eq Ex Para para p pp P Pp c b d r n fl Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec "
    "Ser "
    "Op op Lot Rte Hwy Tel tel ext ";
static const char last_words[] =
    " Inc Ltd Co Corp Cos Cie Bros Jr Sr Esq Ave Blvd Rd St al Univ Dept Assoc est "
    "Ala Ariz Ark Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo Mont Neb "
    "Nev Okla Ore Pa Penn Tenn Tex Va Vt Wash Wis Wyo Ont Que ";
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

enum { LONGEST = 16 };

static bool is_listed(const char *list, const char *word, size_t size)
{
    char wanted[LONGEST + 3] = " ";
    if (size == 0 || size > LONGEST || memchr(word, ' ', size) || memchr(word, 0, size))
        return false;
    memcpy(wanted + 1, word, size);
    wanted[size + 1] = ' ';
    return strstr(list, wanted) != NULL;
}

enum abbreviation abbreviation_of(const char *word, size_t size)
{
    if (is_listed(titles, word, size))
        return ABBREVIATION_TITLE;
    if (is_listed(before_numbers, word, size))
        return ABBREVIATION_NUMBER;
    return is_listed(last_words, word, size) ? ABBREVIATION_LAST : ABBREVIATION_NONE;
}

bool is_sentence_starter(const char *word, size_t size)
{
    return is_listed(starters, word, size);
}
