#include "lib/unit.h"

#include <string.h>
#include <time.h>

#include "lambert/base/buffer.h"
#include "lambert/base/rng.h"
#include "lambert/text/sentence_splitter.h"
#include "lambert/text/unicode.h"
#include "text/sentence_stops.h"
#include "text_helpers.h"

/* "One.| Two." is cut at the bar and nowhere else. */
static void check(const char *marked)
{
    struct buffer text = {0}, got = {0}, expected = {0};
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length;
    for (const char *c = marked; *c; c++)
        if (*c != '|')
            buffer_put_u8(&text, (uint8_t)*c);
    sentence_splitter_init(&splitter, (char *)text.data, text.size);
    while (sentence_splitter_next(&splitter, &sentence, &length))
        buffer_print(&got, "%.*s|", (int)length, sentence);
    for (const char *c = marked; *c; c++) {
        buffer_put_u8(&expected, (uint8_t)*c);
        if (*c == '|' && c[1] == ' ')
            c++;
    }
    buffer_put_u8(&expected, '|');
    assert_string_equal(buffer_text(&got), buffer_text(&expected));
    buffer_release(&text);
    buffer_release(&got);
    buffer_release(&expected);
}

static void check_all(const char *const *cases, size_t count)
{
    for (size_t i = 0; i < count; i++)
        check(cases[i]);
}

#define CHECK_ALL(cases) check_all(cases, sizeof(cases) / sizeof(cases[0]))

static void cuts_at_stops(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "One sentence",
        "It rained.| We stayed in.| Nobody came.",
        "Really?| Yes!| Good.",
        "What?!| No!!!| Ah.",
        "He was born in 1999.| The war began in 2001.| 5 men died.",
        "The temperature was 5.| It rose.",
        "Élodie slept.| Émile did not.",
        "Он спал.| Она нет.",
        "Henry VIII.| His wives were six.",
    };
    CHECK_ALL(cases);
}

static void titles_go_on(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Mr. Smith met Dr. Jones and Mrs. Brown.| They talked.",
        "Prof. The Lord knows.",
        "Gen. Lee and Lt. Col. Grant met Gov. Davis.| He left.",
        "Smith vs. Jones was heard.| Roe v. Wade was not.",
        "Big cats, e.g. Lions, hunt.| Small ones, i.e. Cats, sleep.",
        "Messrs. Black and White, viz. Tom and Tim.",
        "(Dr. No) is a film.| (Mr. Yes is not.)",
        "It is approx. 5 km.",
    };
    CHECK_ALL(cases);
}

static void numbers_go_on(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "See No. 5 and Nos. 6 and 7 in vol. 3, pp. 4, fig. 2.| Then stop.",
        "He said no.| Then he left.",
        "On Jan. 5 it snowed, in Dec. 2010 it did not.| In Sept.| We left.",
        "Pi is 3.14 and e is 2.718.| Both are irrational.",
        "It cost $5.00.| We paid.",
        "1. Introduction",
        "It ends.| 2. Methods follow.| 13. Results",
        "Version 2.0.1 is out.| Get it.",
        "He lived c. 1500, b. 1450, d. 1520.",
        "Art. 5 applies.| This is art.| The end.",
    };
    CHECK_ALL(cases);
}

static void initials_go_on(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "J. S. Bach wrote it.| C. P. E. Bach did not.",
        "W. A. Mozart and J.R.R. Tolkien never met.",
        "It was said by J. Smith.| He knew.",
        "“J. Doe” signed.| É. Zola wrote.",
        "Harry S. Truman won.",
        "We took vitamin C.| Then we slept.| Vitamin D Helen had.",
    };
    CHECK_ALL(cases);
}

static void last_words_may_end(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "He came at 5 p.m. Monday.| She left at 8 a.m. on Tuesday.",
        "He came at 5 p.m.| The door was shut.",
        "He came at 5p.m.| The door was shut.",
        "The U.S. Army fought.| He lives in the U.S.| The army left.",
        "Apple Inc. announced it.| It was made by Apple Inc.| However, it broke.",
        "Martin Luther King Jr. Day is in January.",
        "He has a Ph.D. from Yale.| She has a Ph.D.| They met.",
        "In 44 B.C. Caesar died.| That was 44 B.C.| It was March.",
        "Smith et al. Nature 5.",
        "Cats, dogs, etc. and so on.| Cats, dogs, etc.| Other animals too.",
        "Visit St. Louis.| We live on Main St.| It is long.",
    };
    CHECK_ALL(cases);
}

static void lower_case_goes_on(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Yahoo! is a company.| Who? asked nobody.",
        "\"Why?\" he asked.| \"Go!\" she said.",
        "He paused... and went on.",
        "The so-called op. cit. is latin.",
        "Guess Who? (the band) played.",
        "It was St. – and this is true – Louis.",
        "E. coli is a bacterium.",
    };
    CHECK_ALL(cases);
}

static void ellipses(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "He paused...| Then he left.",
        "He paused…| Then he left… and came back.",
        "He paused . . .| Then he left . . . and came back.",
        "Wait . . .| What?| Never mind . . .",
        "... And so it began.| It ended.",
        "Well....| No.",
    };
    CHECK_ALL(cases);
}

static void quotes_and_brackets_stay(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "He said \"Stop.\"| She stopped.",   "He said “Stop.”| She stopped.",
        "‘Stop!’| “Why?”| «Non.»| Fini.",    "(He left.)| She stayed.",
        "[He left (at last).]| She stayed.", "He left (he said so.).| She stayed.",
        "« Oui. »| « Non. »| Fini.",         "It ended.| \"Good,\" he said.",
        "It ended.| (Good.)| ’Twas time.",   "The “Dr.” Smith was no doctor.",
    };
    CHECK_ALL(cases);
}

static void addresses(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "See www.example.com for more.| Or http://example.com/a.b?c=d.| Done.",
        "Node.js and ASP.NET are old.| So is file.txt.",
        "Write to j.doe@example.com.| He answers.",
    };
    CHECK_ALL(cases);
}

static void cjk(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "今天下雨。|我们在家。",
        "你好吗？|我很好！|谢谢。",
        "他说：「你好。」|然后走了。",
        "これはペンです｡|あれは本です。|終わり",
        "真的？！|是的。",
        "版本2.0发布了。| See it.",
        "。。。",
    };
    CHECK_ALL(cases);
}

/* Each script with its own stops, which need no space. */
static void stops_of_scripts(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "घर।|घर।| घर।",
        "॥ श्री ॥| घर॥",
        "هل هذا بيت؟| نعم.| هذا بيت.",
        "یہ گھر ہے۔| وہ نہیں۔",
        "Սա տուն է։| Ահա։| Սա ևս:| Վերջ:",
        "ይህ ቤት ነው።| አዎ።|ቤት፡፡| አዎ",
        "នេះជាផ្ទះ។| បាទ។",
        "ဒါအိမ်ပါ၊ ကောင်းတယ်။| ဟုတ်တယ်။",
        "Πού είναι το σπίτι;| Εδώ, στη γωνία; εδώ.",
        "これは家です．|３．１４は数です。",
        "บ้านนี้สวย บ้านนั้นเก่า",
        "ཁང་པ་འདི།| ཁང་པ་དེ།",
        "它很大!|是的?|好.|对。",
    };
    CHECK_ALL(cases);
}

static int sentences_of(const char *text, size_t size)
{
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length;
    int sentences = 0;
    sentence_splitter_init(&splitter, text, size);
    while (sentence_splitter_next(&splitter, &sentence, &length))
        sentences++;
    return sentences;
}

/* Wherever in the text it stands: what is looked for at once is found, and nothing else. */
static void every_stop_is_found(void **state)
{
    (void)state;
    for (int32_t code = 0x80; code < 0x20000; code++) {
        char text[32] = "Aaaaaaa";
        if (code >= 0xD800 && code < 0xE000)
            continue;
        const enum sentence_stop stop = sentence_stop_of(code);
        for (size_t before = 5; before < 8; before++) {
            size_t size = before + unicode_encode(code, text + before);
            memcpy(text + size, " Bbbbbbbbb", 10);
            if (sentences_of(text, size + 10) != (stop == STOP_NONE ? 1 : 2))
                fail_msg("U+%04X", (unsigned)code);
            memmove(text + size, text + size + 1, 9);
            if (stop == STOP_FINAL && sentences_of(text, size + 9) != 2)
                fail_msg("U+%04X without a space", (unsigned)code);
        }
    }
}

/* Letters without case do not go on in lower case; Georgian's are Ll since Unicode 11. */
static void letters_without_case(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "თბილისი დედაქალაქია.| ის მდებარეობს მტკვრის ნაპირზე.",
        "ი. ჭავჭავაძე წერდა.| ის იყო მწერალი (მაგ. კინოს).",
        "זה בית.| הבית גדול.| א. ב. יהושע כתב.",
        "هذا بيت.| البيت كبير.| كتبه د. أحمد.",
        "이것은 집이다.| 집이 크다.| 좋은 것.| 끝.",
        "यह घर है.| डॉ. राम और ए. पी. जे. आए.",
    };
    CHECK_ALL(cases);
}

static void ordinals_go_on(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Am 3. Oktober 1990 war es so.| Im 19. Jahrhundert nicht.",
        "Es dauert vom 2. Juli bis 13. August.| Dann endet es.",
        "Die 5. Sinfonie und der II. Weltkrieg.| Er war der 2.| Danach kam keiner.",
        "Am 5. 3. 2010 kam er.| Im Jahr 2010.| 5 gingen.",
        "V roce 1990.| Byl to konec.",
        "XX. yüzyılda, II. Dünya Savaşı sonrası.| Bitti.",
        "Louis XIV.| He was king.| In World War II.| 821 graves.",
        "It ran 300 m.| Barriers fell at 14:30.| The end.| In 1998 r.| Polska.",
        "1012. Usurpazioni.| 1940.| Then it was.| It is in vol. II, on the cap.| Various are.",
        "Noudata ohjeita: 1. Mene ulos.",
        "Syntynyt 5. toukokuuta 1990.| Hän asui täällä.",
    };
    CHECK_ALL(cases);
}

static void abbreviations_of_languages(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Das ist z. B. Käse, d. h. Milch bzw. Rahm, vgl. Abb. 3.| Das ist u.a. Käse.",
        "Vgl. Müller, S. 5.| Gegründet von der Siemens AG, Nr. 5, St. Gallen usw.| Ende.",
        "300 v. Chr. Athen.| Er starb 300 v. Chr.| Danach war Ruhe.",
        "M. Dupont et Mme Le Goff, p. ex. Paul, en 50 av. J.-C. César vint.| Il partit.",
        "El Sr. García y la Sra. López viven en EE. UU. Ahora no.| ¿Por qué?| ¡Ya!",
        "Il sig. Rossi e il dott. Bianchi della Fiat S.p.A.| Il resto, ecc.| Fine.",
        "O Sr. Silva, o Dr. Souza, p. ex. Paulo, no séc. XX.| Ele veio.",
        "Dhr. Jansen, bijv. Piet, kwam d.w.z. Woensdag.| 's Avonds sliep hij.",
        "W r. 1990 prof. Kowalski, np. Jan, ul. Długa, m.in. Anna.| To wszystko.",
        "Např. Ing. Novák, tzv. Praha, sv. Václav.| Byl zde.",
        "Id. Kovács, pl. Budapest, stb.| Vége.",
        "F.eks. Oslo, bl.a. Bergen, dvs. Norge.| Det er alt.",
        "Esim. Helsinki, ks. Turku, jne.| Hän lähti.",
        "Т. е. Москва, и т. д. и т. п.| Он ушёл.| В 1990 г.| Москва, в т. ч. Тверь.",
        "А. С. Пушкин, проф. Иванов, ул. Ленина, им. Горького.| Родился он в XIX в.| Он жил.",
        "Ο κ. Παπαδόπουλος, π.χ. Γιώργος, το 300 π.Χ. Αθήνα.| Ο άλλος, κ.λπ.",
        "Ein Wort (lat. Canis) und noch eins (engl. Dog).| Ende.",
    };
    CHECK_ALL(cases);
}

static void marks_behind_stops(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "It was so.[7]| It is not.[8][9]| End.[note 1]| See.[citation needed]| Next.",
        "It was so. [17]| It is [see 5] not.| End. [18]",
        "It was so.²| It is not.¹²| End.",
        "It was the end.12 Then it began.| See No.5 The end.",
        "He likes it. :)| She does not. ;-)| Good.:D| End.",
    };
    CHECK_ALL(cases);
}

static void quotes_of_languages(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "„Nein.“| „Doch!“, sagte er.| „Gut!“ rief sie.",
        "»Nein.«| »Doch!«, sagte er.| »Gut!«| »Ja.«",
        "”Nej.”| ”Jo.”| Slut.",
        "« Non. »| « Oui ? »| Fin.",
        "「行く。」と言った。|『来る。』| 終わり。",
        "Er ist (!) hier.| Das [...] ende.| Fini (...).| Puis (...)| Fin.",
        "The \" end. \"| Then it began.",
        "Het was zo.| ,, Nee, '' zei hij.",
    };
    CHECK_ALL(cases);
}

static void commas_and_names_go_on(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "Yahoo!, Google and What?; Others.",
        "It sells phones.| iPhone sales grew.| eBay too.| pH is low.",
        "Buy it at McDonald's.| Then go.",
    };
    CHECK_ALL(cases);
}

/* Text that was lower-cased. */
static void without_capitals(void **state)
{
    (void)state;
    static const char *const cases[] = {
        "the man went home.| he slept.| why?| it was late, e.g. nine.",
        "the man went home. he slept.| Then he woke. it was late.",
        "дом стоит.| он стар.",
    };
    CHECK_ALL(cases);
}

static void white_space(void **state)
{
    (void)state;
    struct sentence_splitter splitter;
    const char *sentence;
    size_t length;
    static const char text[] = " \t\n One.\n\n\u00A0Two.\u3000 \r\n ";
    sentence_splitter_init(&splitter, text, sizeof text - 1);
    assert_true(sentence_splitter_next(&splitter, &sentence, &length));
    assert_int_equal(length, 4);
    assert_memory_equal(sentence, "One.", 4);
    assert_true(sentence_splitter_next(&splitter, &sentence, &length));
    assert_int_equal(length, 4);
    assert_memory_equal(sentence, "Two.", 4);
    assert_false(sentence_splitter_next(&splitter, &sentence, &length));
    assert_false(sentence_splitter_next(&splitter, &sentence, &length));
    sentence_splitter_init(&splitter, NULL, 0);
    assert_false(sentence_splitter_next(&splitter, &sentence, &length));
}

static void assert_white(const char *text, size_t size)
{
    unicode_trim(&text, &size);
    assert_int_equal(size, 0);
}

/* Every byte that is not white space comes out, in order, and no sentence is empty. */
static void nothing_is_lost(void **state)
{
    (void)state;
    struct buffer text = {0};
    struct rng rng;
    rng_init(&rng, rng_key(6, RNG_TEST, 0, 0));
    for (int round = 0; round < 300; round++) {
        struct sentence_splitter splitter;
        const char *sentence;
        size_t length, at = 0;
        buffer_reset(&text);
        put_random_text(&text, &rng, 200);
        sentence_splitter_init(&splitter, (char *)text.data, text.size);
        while (sentence_splitter_next(&splitter, &sentence, &length)) {
            size_t start = (size_t)(sentence - (char *)text.data);
            assert_true(length > 0 && start >= at && start + length <= text.size);
            assert_white((char *)text.data + at, start - at);
            at = start + length;
        }
        assert_white((char *)text.data + at, text.size - at);
    }
    buffer_release(&text);
}

/* A megabyte of anything, however it repeats. */
static void time_is_linear(void **state)
{
    (void)state;
    static const char *const repeated[] = {
        ".",    ". ",    "a. ",   "a.a",    "A. ",  ".) ",    "a.(",    "a. (",   "a.\" ", "。",
        "! a",  "... a", "\" . ", "Dr. ",   " ",    "1. ",    "a.   ",  "\u3000", "«. » ", "\xE2",
        "\x80", "(",     "a",     "a.\"\"", "p.m.", "\u2026", ". [1] ", ".[",     "1. ",   "a.1 ",
        "। ",   "፡",     "(a. ",  ". :) ",  "X. ",  ". \" ",  ".''"};
    struct buffer text = {0};
    clock_t begin = clock();
    for (size_t i = 0; i < sizeof repeated / sizeof repeated[0]; i++) {
        struct sentence_splitter splitter;
        const char *sentence;
        size_t length;
        buffer_reset(&text);
        buffer_put(&text, "Begin", 5);
        while (text.size < 1 << 20)
            buffer_put(&text, repeated[i], strlen(repeated[i]));
        sentence_splitter_init(&splitter, (char *)text.data, text.size);
        while (sentence_splitter_next(&splitter, &sentence, &length))
            ;
        assert_int_equal(splitter.position, text.size);
    }
    assert_true((double)(clock() - begin) / CLOCKS_PER_SEC < 60); /* a quadratic one takes hours */
    buffer_release(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cuts_at_stops),
        cmocka_unit_test(titles_go_on),
        cmocka_unit_test(numbers_go_on),
        cmocka_unit_test(initials_go_on),
        cmocka_unit_test(last_words_may_end),
        cmocka_unit_test(lower_case_goes_on),
        cmocka_unit_test(ellipses),
        cmocka_unit_test(quotes_and_brackets_stay),
        cmocka_unit_test(addresses),
        cmocka_unit_test(cjk),
        cmocka_unit_test(stops_of_scripts),
        cmocka_unit_test(every_stop_is_found),
        cmocka_unit_test(letters_without_case),
        cmocka_unit_test(ordinals_go_on),
        cmocka_unit_test(abbreviations_of_languages),
        cmocka_unit_test(marks_behind_stops),
        cmocka_unit_test(quotes_of_languages),
        cmocka_unit_test(commas_and_names_go_on),
        cmocka_unit_test(without_capitals),
        cmocka_unit_test(white_space),
        cmocka_unit_test(nothing_is_lost),
        cmocka_unit_test(time_is_linear),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
