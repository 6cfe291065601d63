/* Time: seconds since some moment in the past, which no change of the machine's clock moves. */
#ifndef LAMBERT_BASE_CLOCK_H
#define LAMBERT_BASE_CLOCK_H

double clock_seconds(void);

/* "5:07" or "1:05:07"; "?" for what is not a duration. Returns text. */
const char *clock_text(double seconds, char text[32]);

/* "45 s", "12 min", "3 h 12 min" or "5 d 3 h", for what need not be exact; "?" for what is not a duration. Returns
 * text. */
const char *clock_words(double seconds, char text[32]);

#endif
