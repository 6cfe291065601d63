/* The version of this program, as `lambert --version` and the files it writes give it. */
#ifndef LAMBERT_BASE_VERSION_H
#define LAMBERT_BASE_VERSION_H

#define LAMBERT_VERSION "1.0.0"
#define LAMBERT_PROGRAM "lambert " LAMBERT_VERSION

#endif
