#include "control/certs/staple.h"

#include "crypto/openssl/ocsp.h"

namespace lockstep::certs {

Staple make_staple(Bytes response, const crypto::CertificateChain& chain, std::int64_t now) {
  Staple staple;
  if (chain.issuer_der.empty()) {
    staple.problem =
        "the issuer's certificate is not in the file, so that no OCSP response can be verified; put it behind the "
        "server's (a root is used for this, not sent)";
    return staple;
  }
  if (response.size() > kMaxOcspResponse) {
    staple.problem = "the OCSP response is larger than 64 KiB; get the right one";
    return staple;
  }
  const auto checked = crypto::check_ocsp_response(response, chain.der.front(), chain.issuer_der, now);
  if (!checked) {
    staple.problem = checked.error();
    return staple;
  }
  staple.this_update = checked.value().this_update;
  staple.next_update = checked.value().next_update;
  switch (checked.value().verdict) {
    case crypto::OcspStatus::Verdict::revoked:
      staple.revoked = true;
      staple.problem = "the certificate is revoked; replace it at once";
      return staple;
    case crypto::OcspStatus::Verdict::unknown:
      staple.problem = "the OCSP responder does not know the certificate; ask its issuer";
      return staple;
    case crypto::OcspStatus::Verdict::good:
      break;
  }
  if (staple.next_update == 0)
    staple.problem = "the OCSP response has no next update; have the responder give one (RFC 5019 section 2.2.4)";
  else
    staple.response.assign(response.begin(), response.end());
  return staple;
}

bool expire(Staple& staple, std::int64_t now) {
  if (staple.response.empty() || staple.next_update > now) return false;
  staple.response.clear();
  staple.problem = "the OCSP response is past its next update; get a new one";
  return true;
}

const char* state_name(const Staple& staple) {
  if (!staple.response.empty()) return "good";
  if (staple.revoked) return "revoked";
  return staple.problem.empty() ? "none" : "failed";
}

std::string sct_list_fault(Bytes list) {
  Reader reader(list);
  const Bytes entries = reader.vector16();
  bool good = reader.finished() && !entries.empty();
  for (Reader scts(entries); good && scts.remaining() != 0;) good = !scts.vector16().empty();
  return good ? ""
              : "this is no list of signed certificate timestamps; get it in the binary form of RFC 6962 section 3.3";
}

}  // namespace lockstep::certs
