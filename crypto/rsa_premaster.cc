#include "crypto/rsa_premaster.h"
namespace lockstep::crypto { void select_rsa_premaster(Bytes, bool, std::uint16_t, Bytes, MutableBytes) {} }
