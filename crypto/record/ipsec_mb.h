// The one place where Intel's header comes in.
#pragma once

#define NO_COMPAT_IMB_API_053  // its old names without a prefix clash with others' macros
#include <intel-ipsec-mb.h>
