// HKDF with SHA-256 (RFC 5869) for outputs of one block: all that ticket keys need.
#pragma once

#include <string_view>

#include "crypto/base/secret.h"

namespace lockstep::tickets {

using Secret32 = Secret<32>;

/// HKDF-Extract (section 2.2): a uniform secret from keying material of any form. `salt` keeps uses apart.
void extract(std::string_view salt, Bytes keying_material, Secret32& out);
/// HKDF-Expand (section 2.3) of a uniform secret, up to 32 bytes. `info` keeps uses apart. `out` may be `secret`
/// itself.
void expand(const Secret32& secret, std::string_view info, MutableBytes out);

}  // namespace lockstep::tickets
