#include <cjson/cJSON.h>

#include "lambert.h"
#include "lambert/base/file.h"
#include "lambert/features/answers.h"
#include "question_options.h"

struct answers_arguments {
    struct question_options questions;
    int n_best, answer_length;
    double null_threshold;
    const char *path, *logits;
};

static const struct command_option answers_options[] = {
    OPTION_QUESTIONS(struct answers_arguments, questions),
    {.name = "n-best",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct answers_arguments, n_best),
     .min = 1,
     .max = 1000,
     .metavar = "N",
     .help = "answers to a question"},
    {.name = "answer-length",
     .kind = OPTION_INTEGER,
     OPTION_PLACE(struct answers_arguments, answer_length),
     .min = 1,
     .max = 1 << 20,
     .metavar = "PIECES",
     .help = "longest answer"},
    {.name = "null-threshold",
     .kind = OPTION_REAL,
     OPTION_PLACE(struct answers_arguments, null_threshold),
     .real_min = -1e6,
     .real_max = 1e6,
     .metavar = "SCORE",
     .help = "v2.0: no answer where its score is above the best answer's by more than that"},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct answers_arguments, path),
     .required = true,
     .metavar = "FILE",
     .completion = COMPLETE_FILES},
    {.kind = OPTION_WORD,
     OPTION_PLACE(struct answers_arguments, logits),
     .required = true,
     .metavar = "LOGITS",
     .completion = COMPLETE_FILES},
    {0}};

static void print_answers(const struct question *question, bool may_be_none,
                          const struct question_answers *answers)
{
    cJSON *line = cJSON_CreateObject();
    cJSON_AddStringToObject(line, "id", question->id);
    cJSON_AddStringToObject(line, "text", answers->chosen);
    if (may_be_none)
        cJSON_AddNumberToObject(line, "null_difference", answers->null_difference);
    cJSON *list = cJSON_AddArrayToObject(line, "answers");
    for (int a = 0; a < answers->count; a++) {
        cJSON *answer = cJSON_CreateObject();
        cJSON_AddStringToObject(answer, "text", answers->at[a].text);
        cJSON_AddNumberToObject(answer, "probability", answers->at[a].probability);
        cJSON_AddNumberToObject(answer, "start_logit", answers->at[a].start_logit);
        cJSON_AddNumberToObject(answer, "end_logit", answers->at[a].end_logit);
        cJSON_AddItemToArray(list, answer);
    }
    print_json_line(line);
}

static int answer_all(const struct answers_arguments *arguments,
                      const struct question_set *questions, const struct feature_set *set,
                      struct error *err)
{
    const struct answer_options options = {.n_best = arguments->n_best,
                                           .answer_length = arguments->answer_length,
                                           .may_be_none = questions->has_impossible,
                                           .null_threshold = arguments->null_threshold};
    struct question_answers *answers;
    struct file_map map;
    size_t rows = 0;
    for (int f = 0; f < feature_set_count(set); f++)
        rows += (size_t)feature_set_at(set, f)->tokens;
    if (file_map_open(&map, arguments->logits, err) < 0)
        return -1;
    if (map.size != rows * 2 * sizeof(float)) {
        error_set(err,
                  "%s has %zu bytes, but the windows of %s have %zu tokens, with two floats each",
                  arguments->logits, map.size, arguments->path, rows);
        file_map_close(&map);
        return -1;
    }
    answers_find(&answers, set, questions, (const float *)map.data, &options);
    for (int q = 0; q < questions->count; q++)
        print_answers(&questions->at[q], options.may_be_none, &answers[q]);
    answers_free(answers, questions->count);
    file_map_close(&map);
    return 0;
}

static int show_answers(const void *context, struct error *err)
{
    const struct answers_arguments *arguments = context;
    struct question_set questions = {0};
    struct vocabulary *vocabulary;
    struct feature_set *set = NULL;
    struct feature_report report;
    if (vocabulary_load(&vocabulary, arguments->questions.vocabulary, err) < 0)
        return -1;
    const struct feature_options options = feature_options_of(&arguments->questions, vocabulary);
    int status = question_set_read(&questions, arguments->path, err);
    if (status == 0)
        status = feature_set_of_questions(&set, &questions, false, &options, &report, err);
    if (status == 0)
        status = answer_all(arguments, &questions, set, err);
    feature_set_free(set);
    question_set_release(&questions);
    vocabulary_free(vocabulary);
    return status;
}

const struct command command_show_answers = {
    .name = "answers",
    .summary = "the answers that given logits mean",
    .description =
        "Prints what logits of the windows of questions mean, one JSON object a line for each "
        "question: the answer, and the best answers with their probabilities; of SQuAD v2.0 by how "
        "much the score of no answer is above that of the best one. LOGITS holds two floats for each "
        "token of each sequence that `lambert show features --task questions --unlabelled` prints, "
        "start and end, in their order, as the machine has them. What any program says of questions "
        "can so be decoded as Lambert decodes it.",
    .examples = "lambert show answers --vocabulary vocab.txt dev-v1.1.json.gz logits.bin\n",
    .options = answers_options,
    COMMAND_ARGUMENTS(struct answers_arguments, .questions = QUESTION_OPTIONS_STANDARD,
                      .n_best = 20, .answer_length = 30),
    .run = show_answers};
