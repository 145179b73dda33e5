// HYBI_ASSERT: a condition that only a bug of ours can break. Checked in dev and sanitizer builds.
#pragma once

#include <cstdio>
#include <cstdlib>

#if defined(HYBI_CHECKED)
#define HYBI_ASSERT(condition)                                                               \
  do {                                                                                       \
    if (!(condition)) {                                                                      \
      std::fprintf(stderr, "%s:%d: assertion failed: %s\n", __FILE__, __LINE__, #condition); \
      std::abort();                                                                          \
    }                                                                                        \
  } while (false)
#else
#define HYBI_ASSERT(condition) ((void)0)
#endif
