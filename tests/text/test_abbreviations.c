#include "lib/unit.h"

#include <string.h>

#include "text/abbreviations.h"

static void assert_all(const char *words, enum abbreviation kind)
{
    for (size_t size; *words; words += size + (words[size] == ' ')) {
        size = strcspn(words, " ");
        assert_int_equal(abbreviation_of(words, size), kind);
    }
}

/* All of them: the list must be in order to be searched. */
static void knows_every_abbreviation(void **state)
{
    (void)state;
    assert_all(
        "Mr Mrs Ms Mx Messrs Mme Mlle Dr Drs Prof Rev Fr Hon Ste Msgr Sra Srta Pres Gov Lt Sgt Cpl "
        "Pvt Capt Cmdr Maj Col Gen Adm Brig Supt Insp Det Rep Reps Sen Sens Amb Atty Ft Mt Pt Ph v "
        "vs viz cf eg ie e.g i.e a.k.a ca approx resp incl esp orig trans transl prod dir",
        ABBREVIATION_TITLE);
    assert_all(
        "No Nos no nos Nr nr Vol Vols vol vols Art art Sec Secs sec Ch ch Chap chap Fig Figs fig "
        "figs Eq eq Ex Para para p pp P Pp c b d r n fl Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct "
        "Nov Dec Ser Op op Lot Rte Hwy Tel tel ext",
        ABBREVIATION_NUMBER);
    assert_all(
        "Inc Ltd Co Corp Cos Cie Bros Jr Sr Esq Ave Blvd Rd St al Univ Dept Assoc est Ala Ariz Ark "
        "Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev Okla "
        "Ore Pa Penn Tenn Tex Va Vt Wash Wis Wyo Ont Que",
        ABBREVIATION_LAST);
}

static void knows_nothing_else(void **state)
{
    (void)state;
    assert_all("etc mass mr MR Drx D A zzz Zzzzzzz approxi approximately season e.g. .",
               ABBREVIATION_NONE);
    assert_int_equal(abbreviation_of("", 0), ABBREVIATION_NONE);
    assert_int_equal(abbreviation_of("Mr\0", 3), ABBREVIATION_NONE);
}

static void knows_what_sentences_begin_with(void **state)
{
    (void)state;
    assert_true(is_sentence_starter("The", 3));
    assert_true(is_sentence_starter("Therefore", 9));
    assert_false(is_sentence_starter("the", 3));
    assert_false(is_sentence_starter("Th", 2));
    assert_false(is_sentence_starter("The A", 5));
    assert_false(is_sentence_starter("", 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_every_abbreviation),
        cmocka_unit_test(knows_nothing_else),
        cmocka_unit_test(knows_what_sentences_begin_with),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
