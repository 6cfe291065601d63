/* The update rules, whose equations are in optimizer.h. */
#ifndef LAMBERT_OPTIM_UPDATE_RULE_H
#define LAMBERT_OPTIM_UPDATE_RULE_H

enum update_rule { RULE_LAMB, RULE_ADAMW, RULE_LARS, RULE_SGD, RULE_LANS };

/* How many there are. It is none of them, so that a switch over the rules need not name it. */
#define UPDATE_RULES (RULE_LANS + 1)

#endif
