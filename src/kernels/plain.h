#ifndef LAMBERT_KERNELS_PLAIN_H
#define LAMBERT_KERNELS_PLAIN_H

#include "lambert/kernels/kernels.h"

extern const struct kernels kernels_plain;

#endif
