#include "lambert/examples/question_set.h"

#include <stdlib.h>
#include <string.h>

#include "lambert/base/array.h"
#include "lambert/base/json.h"
#include "lambert/base/memory.h"
#include "lambert/examples/example_file.h"
#include "lambert/examples/name_index.h"

struct reader {
    struct question_set *set;
    size_t context_capacity, capacity;
    int article;          /* that is being read, from 1 */
    int paragraph;        /* of it */
    size_t context_bytes; /* of the paragraph */
};

static const char *keep_text(struct reader *reader, const char *text)
{
    return pool_copy_text(&reader->set->memory, text, strlen(text));
}

/* --- answers ---------------------------------------------------------------------------------- */

/* Where a code point begins in the paragraph, or its end where it has not so many. */
static size_t byte_of(const struct reader *reader, const char *context, double code_points)
{
    size_t at = 0;
    if (!(code_points >= 0))
        return reader->context_bytes;
    for (; at < reader->context_bytes; at++)
        if (((unsigned char)context[at] & 0xC0) != 0x80 && --code_points < 0)
            break;
    return at;
}

static int read_answer(struct reader *reader, const struct question *question, const cJSON *item,
                       struct answer *answer, struct error *err)
{
    const char *context = reader->set->contexts[question->paragraph];
    const char *text = json_get_text(item, "text");
    const cJSON *start = cJSON_GetObjectItemCaseSensitive(item, "answer_start");
    if (!text || !cJSON_IsNumber(start))
        return error_set(err,
                         "%s: question %s: an answer is to have a \"text\", and a number, "
                         "\"answer_start\"",
                         reader->set->path, question->id);
    const size_t size = strlen(text);
    answer->text = keep_text(reader, text);
    answer->start = byte_of(reader, context, start->valuedouble);
    answer->there = size > 0 && size <= reader->context_bytes - answer->start &&
                    memcmp(context + answer->start, text, size) == 0;
    reader->set->misplaced += !answer->there;
    return 0;
}

static int read_answers(struct reader *reader, struct question *question, const cJSON *list,
                        struct error *err)
{
    const int count = cJSON_GetArraySize(list);
    struct answer *answers = pool_take(&reader->set->memory, (size_t)count, sizeof *answers);
    int a = 0;
    for (const cJSON *item = list ? list->child : NULL; item; item = item->next)
        if (read_answer(reader, question, item, &answers[a++], err) < 0)
            return -1;
    question->answers = count > 0 ? answers : NULL;
    question->answer_count = count;
    return 0;
}

/* --- questions -------------------------------------------------------------------------------- */

/* Most ids are texts; some sets count. */
static const char *read_id(struct reader *reader, const cJSON *item)
{
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(item, "id");
    char *printed = cJSON_IsNumber(id) ? cJSON_PrintUnformatted(id) : NULL;
    const char *text = printed ? printed : cJSON_GetStringValue(id);
    const char *kept = text ? keep_text(reader, text) : NULL;
    free(printed);
    return kept;
}

static int read_question(struct reader *reader, const cJSON *item, struct error *err)
{
    struct question_set *set = reader->set;
    const char *text = json_get_text(item, "question");
    const cJSON *answers = cJSON_GetObjectItemCaseSensitive(item, "answers");
    const cJSON *impossible = cJSON_GetObjectItemCaseSensitive(item, "is_impossible");
    struct question question = {.id = read_id(reader, item),
                                .paragraph = set->paragraphs - 1,
                                .impossible = cJSON_IsTrue(impossible)};
    if (!question.id || !text)
        return error_set(err,
                         "%s: article %d, paragraph %d: a question is to have an \"id\" and a "
                         "\"question\"",
                         set->path, reader->article, reader->paragraph);
    if ((answers && !cJSON_IsArray(answers)) || (impossible && !cJSON_IsBool(impossible)))
        return error_set(err,
                         "%s: question %s: \"answers\" is to be a list, and \"is_impossible\" "
                         "true or false",
                         set->path, question.id);
    question.text = keep_text(reader, text);
    if (read_answers(reader, &question, answers, err) < 0)
        return -1;
    if (question.impossible && question.answer_count > 0)
        return error_set(err, "%s: question %s is said to be impossible, and has answers",
                         set->path, question.id);
    set->has_impossible |= impossible != NULL;
    ARRAY_RESERVE(set->at, (size_t)set->count + 1, reader->capacity);
    set->at[set->count++] = question;
    return 0;
}

/* --- files ------------------------------------------------------------------------------------ */

static int read_paragraph(struct reader *reader, const cJSON *item, struct error *err)
{
    struct question_set *set = reader->set;
    const char *context = json_get_text(item, "context");
    const cJSON *questions = cJSON_GetObjectItemCaseSensitive(item, "qas");
    if (!context || !cJSON_IsArray(questions))
        return error_set(err,
                         "%s: article %d, paragraph %d is to have a \"context\" and a list of "
                         "questions, \"qas\"",
                         set->path, reader->article, reader->paragraph);
    ARRAY_RESERVE(set->contexts, (size_t)set->paragraphs + 1, reader->context_capacity);
    set->contexts[set->paragraphs++] = keep_text(reader, context);
    reader->context_bytes = strlen(context);
    for (const cJSON *question = questions->child; question; question = question->next)
        if (read_question(reader, question, err) < 0)
            return -1;
    return 0;
}

static int read_article(struct reader *reader, const cJSON *item, struct error *err)
{
    const cJSON *paragraphs = cJSON_GetObjectItemCaseSensitive(item, "paragraphs");
    if (!cJSON_IsArray(paragraphs))
        return error_set(err, "%s: article %d is to have a list, \"paragraphs\"", reader->set->path,
                         reader->article);
    reader->paragraph = 0;
    for (const cJSON *each = paragraphs->child; each; each = each->next) {
        reader->paragraph++;
        if (read_paragraph(reader, each, err) < 0)
            return -1;
    }
    return 0;
}

/* Predictions are matched by ids. */
static int check_ids(const struct question_set *set, struct error *err)
{
    const char **ids = memory_new((size_t)set->count, sizeof *ids);
    for (int q = 0; q < set->count; q++)
        ids[q] = set->at[q].id;
    const int repeated = names_repeated(ids, set->count, NULL);
    if (repeated >= 0)
        error_set(err, "%s: two questions have the id %s", set->path, ids[repeated]);
    free(ids);
    return repeated >= 0 ? -1 : 0;
}

static int read_root(struct reader *reader, const cJSON *root, struct error *err)
{
    const cJSON *articles = cJSON_GetObjectItemCaseSensitive(root, "data");
    if (!cJSON_IsArray(articles))
        return error_set(err,
                         "%s is not as SQuAD's files are: {\"data\": [{\"paragraphs\": "
                         "[{\"context\": ..., \"qas\": [...]}]}]}",
                         reader->set->path);
    for (const cJSON *each = articles->child; each; each = each->next) {
        reader->article++;
        if (read_article(reader, each, err) < 0)
            return -1;
    }
    if (reader->set->count == 0)
        return error_set(err, "%s has no questions", reader->set->path);
    return check_ids(reader->set, err);
}

int question_set_read(struct question_set *set, const char *path, struct error *err)
{
    struct reader reader = {.set = set};
    struct buffer text = {0};
    cJSON *root = NULL;
    *set = (struct question_set){.path = memory_copy_text(path)};
    int status = example_file_read(&text, path, err);
    if (status == 0)
        status = example_json_parse(&root, (const char *)text.data, text.size, path, 1, err);
    buffer_release(&text); /* before the texts are copied: the tree has its own */
    if (status == 0)
        status = read_root(&reader, root, err);
    cJSON_Delete(root);
    if (status < 0)
        question_set_release(set);
    return status;
}

void question_set_release(struct question_set *set)
{
    free(set->contexts);
    free(set->at);
    free(set->path);
    pool_release(&set->memory);
    *set = (struct question_set){0};
}
