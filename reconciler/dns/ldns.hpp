#pragma once
// ldns takes a language without stdbool.h for one without bool, and makes it a macro for int.
// clang-format off
#include <stdbool.h>
#include <ldns/ldns.h>
// clang-format on
#ifdef bool
#undef bool
#endif
