#pragma once
#include "crypto/base/bytes.h"
namespace lockstep::crypto { void select_rsa_premaster(Bytes decrypted, bool in_range, std::uint16_t version, Bytes substitute, MutableBytes premaster); }
