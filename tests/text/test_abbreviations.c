#include "lib/unit.h"

#include <string.h>

#include "text/abbreviations.h"

static void assert_all(const char *words, enum abbreviation kind)
{
    for (size_t size; *words; words += size + (words[size] == ' ')) {
        size = strcspn(words, " ");
        if (abbreviation_of(words, size) != kind)
            fail_msg("%.*s is not of kind %d", (int)size, words, (int)kind);
    }
}

/* All of English: the list must be in order to be searched. */
static void knows_english(void **state)
{
    (void)state;
    assert_all(
        "Mr Mrs Ms Mx Messrs Mme Mlle Dr Drs Prof Rev Fr Hon Ste Msgr Sra Srta Pres Gov Lt Sgt Cpl "
        "Pvt Capt Cmdr Maj Col Gen Adm Brig Supt Insp Det Rep Reps Sen Sens Amb Atty Ft Mt Pt Ph v "
        "vs viz cf eg ie e.g i.e a.k.a ca approx resp incl esp orig trans transl prod dir",
        ABBREVIATION_TITLE);
    assert_all(
        "No Nos no nos Nr nr Vol Vols vol vols Art art Sec Secs sec Ch ch Chap chap Fig Figs fig "
        "figs Eq eq Ex Para para p pp P Pp n fl Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct "
        "Nov Dec Ser Op op Lot Rte Hwy Tel tel ext",
        ABBREVIATION_NUMBER);
    assert_all(
        "Inc Ltd Co Corp Cos Cie Bros Jr Sr Esq Ave Blvd Rd St al Univ Dept Assoc est Ala Ariz Ark "
        "Calif Colo Conn Del Fla Ga Ill Ind Kan Ky La Mass Md Mich Minn Miss Mo Mont Neb Nev Okla "
        "Ore Pa Penn Tenn Tex Va Vt Wash Wis Wyo Ont Que",
        ABBREVIATION_LAST);
}

/* The commonest of each of the other languages. */
static void knows_other_languages(void **state)
{
    (void)state;
    assert_all("bzw vgl z.B d.h geb u.a MM Mmes av p.ex env Sres Ud aprox p.ej Sig Dott avv Exmo "
               "bijv dhr d.w.z o.a np tzw m.in ul św im mgr inż např tzv sv RNDr kb ifj özv bl.a "
               "t.ex f.eks dvs esim ks vt pvz t.y žr piem dl dna npr oz Doç bkz hlm PGS т.е т.к "
               "напр им ул проф вул див т.нар π.χ δηλ βλ डॉ श्री",
               ABBREVIATION_TITLE);
    assert_all("Abb Bd Okt janv févr déc pág núm pagg artt séc blz godz rozdz č čís kl klo nro "
               "plkst br стр рис табл σελ τηλ",
               ABBREVIATION_NUMBER);
    assert_all("Str Jh Chr Mio e.V hab éd Cía Ltda Arch Cia a.u.b tys mln zł tis Kft Zrt mio m.fl "
               "eKr milj mlrd tūkst î.Hr Org A.Ş гг вв др н.э тыс млн κ.λπ μ.Χ هـ",
               ABBREVIATION_LAST);
    assert_all("т.д т.п v.v", ABBREVIATION_ENDING);
}

/* What is a word of English as well, is none. */
static void knows_nothing_else(void **state)
{
    (void)state;
    assert_all("etc mass mr. MR Drx D A zzz Zzzzzzz approxi approximately season e.g. . usw port "
               "red ill span mill god mia gem год нем",
               ABBREVIATION_NONE);
    assert_int_equal(abbreviation_of("", 0), ABBREVIATION_NONE);
    assert_int_equal(abbreviation_of("Mr\0", 3), ABBREVIATION_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(knows_english),
        cmocka_unit_test(knows_other_languages),
        cmocka_unit_test(knows_nothing_else),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
