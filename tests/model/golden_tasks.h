/* The heads of fine-tuning against PyTorch's (tests/golden/task-*.json, which scripts/numerics/golden.py
 * describes): logits, the loss, the gradient of every tensor. */
#ifndef LAMBERT_TESTS_MODEL_GOLDEN_TASKS_H
#define LAMBERT_TESTS_MODEL_GOLDEN_TASKS_H

/* Of each file: differences of logits and the loss up to loss_limit, of a gradient up to gradient_limit of its
 * norm. */
void check_golden_tasks(double loss_limit, double gradient_limit);

#endif
