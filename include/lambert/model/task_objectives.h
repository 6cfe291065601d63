/* The heads of fine-tuning, as objectives (objective.h): those of transformers' BertForSequenceClassification,
 * BertForTokenClassification and BertForQuestionAnswering, by whose names the tensors go. x is the row that
 * a head reads, after the hidden dropout (but for spans, which have none): z = x Wᵀ + b.
 *
 *     objective   reads                 term, and its loss
 *     classes     pooled rows           a labelled sequence: -log softmax(z)[label]
 *     value       pooled rows           a sequence with a value: (z - value)²
 *     labels      pooled rows           a label of a labelled sequence: binary cross-entropy of sigmoid(z)
 *     tags        labelled rows         a labelled row: -log softmax(z)[label]
 *     span        all rows              a labelled sequence: (-log softmax(z_1)[start] - log softmax(z_2)[end]) / 2,
 *                                       each softmax over the rows of the sequence
 *
 * What the batch has to hold: its labels of width 1, of width as many as there are labels, of width 2 (rows
 * of the sequence, 0 for [CLS]); its values; its labelled rows. What counts as correct: the class; the label at
 * 1/2; the tag; both ends of the span; of values nothing.
 *
 * Each function returns a row that the caller keeps as long as the model. */
#ifndef LAMBERT_MODEL_TASK_OBJECTIVES_H
#define LAMBERT_MODEL_TASK_OBJECTIVES_H

#include "lambert/model/objective.h"

struct objective objective_classes(int classes); /* at least 2 */
struct objective objective_value(void);
struct objective objective_labels(int labels); /* at least 1 */
struct objective objective_tags(int tags);     /* at least 2 */
struct objective objective_span(void);

#endif
