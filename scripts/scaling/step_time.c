/* The model of a step's time, plan/step_time.h, for model.py: a line of numbers in, a line of numbers out, until there are
 * no more. In: layers, hidden, intermediate, vocabulary, positions; sequences, tokens, masked, operations, imbalance;
 * useful, memory, message; bandwidth, latency; nodes, tokens of a micro-batch, bytes of an element on the wire, bucket, 1
 * where weights and forward do not overlap, 1 where embedding rows do not go apart. Out: the parts of a step, in the order
 * of struct step_time, to bytes. */
#include "lambert/plan/step_time.h"

#include <stdio.h>

enum { NUMBERS = 21 };

static int read_numbers(double numbers[NUMBERS])
{
    int count = 0;
    while (count < NUMBERS && scanf("%lf", &numbers[count]) == 1)
        count++;
    return count;
}

int main(void)
{
    double in[NUMBERS];
    int count;
    while ((count = read_numbers(in)) == NUMBERS) {
        const struct step_shape shape = {in[0], in[1], in[2], in[3], in[4], 2};
        const struct step_work work = {in[5], in[6], in[7], in[8], in[9]};
        const struct step_node node = {
            .ranks = 1, .useful = in[10], .memory = in[11], .message = in[12], .sums = -1};
        const struct step_network network = {in[13], in[14]};
        const struct step_schedule schedule = {.nodes = (int)in[15],
                                               .micro_batch = (int)in[16],
                                               .gradient_wire = in[17],
                                               .weight_wire = in[17],
                                               .bucket = (int)in[18],
                                               .no_overlap = in[19] != 0,
                                               .together = in[20] != 0};
        struct step_time time;
        step_time_of(&shape, &work, &node, &network, &schedule, &time);
        printf("%.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g %.17g\n", time.compute,
               time.waiting, time.clear, time.stall, time.sums, time.messages, time.exposed,
               time.update, time.network, time.bytes);
        fflush(stdout);
    }
    if (count > 0)
        fprintf(stderr, "step-time: a line has %d numbers, not %d\n", count, NUMBERS);
    return count > 0;
}
