/* cmocka, with the headers that it wants before it. */
#ifndef LAMBERT_TESTS_LIB_UNIT_H
#define LAMBERT_TESTS_LIB_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#endif
