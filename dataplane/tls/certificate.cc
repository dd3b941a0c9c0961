#include "dataplane/tls/certificate.h"

#include <algorithm>
#include <array>

#include "dataplane/tls/extensions.h"
#include "dataplane/tls/handshake_message.h"
#include "dataplane/tls/server_config.h"

namespace lockstep::tls {

namespace {

constexpr std::uint8_t kStatusTypeOcsp = 1;  // CertificateStatusType (RFC 6066 section 8)
constexpr CertificateExtras kCompressions = CertificateExtra::zlib | CertificateExtra::brotli;

// Room for headers, lengths and extension types around what the parts hold.
std::size_t room_for(const CertificateParts& parts) {
  std::size_t size = 64 + parts.ocsp_response.size() + parts.sct_list.size();
  for (const auto& der : parts.der_chain) size += der.size() + 5;
  return size;
}

// CertificateStatus (RFC 6066 section 8).
void write_status(Writer& writer, Bytes ocsp_response) {
  writer.u8(kStatusTypeOcsp);
  const auto length = writer.length24();
  writer.bytes(ocsp_response);
}

// The extensions of the leaf's CertificateEntry (RFC 8446 section 4.4.2).
void write_entry_extensions(Writer& writer, const CertificateParts& parts, CertificateExtras extras) {
  const auto extensions = writer.length16();
  if (contains(extras, CertificateExtra::ocsp_response)) {
    const auto extension = begin_extension(writer, ExtensionType::status_request);
    write_status(writer, parts.ocsp_response);
  }
  if (contains(extras, CertificateExtra::sct_list)) {
    const auto extension = begin_extension(writer, ExtensionType::signed_certificate_timestamp);
    writer.bytes(parts.sct_list);
  }
}

void write_certificate_tls13(Writer& writer, const CertificateParts& parts, CertificateExtras extras) {
  const auto body = begin_message(writer, HandshakeType::certificate);
  writer.u8(0);  // certificate_request_context
  const auto list = writer.length24();
  for (std::size_t i = 0; i < parts.der_chain.size(); ++i) {
    {
      const auto certificate = writer.length24();
      writer.bytes(parts.der_chain[i]);
    }
    write_entry_extensions(writer, parts, i == 0 ? extras : CertificateExtras{0});
  }
}

void write_certificate_tls12(Writer& writer, const CertificateParts& parts, CertificateExtras extras) {
  {
    const auto body = begin_message(writer, HandshakeType::certificate);
    const auto list = writer.length24();
    for (const auto& der : parts.der_chain) {
      const auto certificate = writer.length24();
      writer.bytes(der);
    }
  }
  if (!contains(extras, CertificateExtra::ocsp_response)) return;
  const auto body = begin_message(writer, HandshakeType::certificate_status);
  write_status(writer, parts.ocsp_response);
}

template <class Write>
CertificateForm make_form(const CertificateParts& parts, CertificateExtras extras, Write&& write) {
  CertificateForm form{extras, std::vector<std::uint8_t>(room_for(parts))};
  Writer writer(form.messages);
  write(writer, parts, extras);
  form.messages.resize(writer.ok() ? writer.size() : 0);
  form.messages.shrink_to_fit();
  return form;
}

// The forms for all that `parts` have, largest first.
template <class Write>
std::vector<CertificateForm> make_forms(const CertificateParts& parts, bool with_scts, Write&& write) {
  constexpr auto kOcsp = static_cast<CertificateExtras>(CertificateExtra::ocsp_response);
  constexpr auto kScts = static_cast<CertificateExtras>(CertificateExtra::sct_list);
  const bool scts = with_scts && !parts.sct_list.empty();
  const unsigned have = (parts.ocsp_response.empty() ? 0U : kOcsp) | (scts ? kScts : 0U);
  std::vector<CertificateForm> forms;
  for (const CertificateExtras extras :
       {CertificateExtra::ocsp_response | CertificateExtra::sct_list, kOcsp, kScts, CertificateExtras{0}})
    if ((extras & ~have) == 0) forms.push_back(make_form(parts, extras, write));
  return forms;
}

}  // namespace

CertificateMessages make_certificate_messages(const CertificateParts& parts) {
  CertificateMessages messages;
  messages.tls13 = make_forms(parts, true, write_certificate_tls13);
  messages.tls12 = make_forms(parts, false, write_certificate_tls12);
  if (parts.sct_list.size() <= kMaxSctListTls12) messages.sct_list_tls12 = parts.sct_list;
  return messages;
}

void add_compressed(CertificateMessages& messages, CertificateExtras plain, CompressionAlgorithm algorithm,
                    Bytes compressed) {
  auto& forms = messages.tls13;
  const auto original =
      std::find_if(forms.begin(), forms.end(), [&](const CertificateForm& form) { return form.needs == plain; });
  const std::size_t uncompressed = original->messages.size() - kHandshakeHeader;
  const CertificateExtra extra =
      algorithm == CompressionAlgorithm::zlib ? CertificateExtra::zlib : CertificateExtra::brotli;
  CertificateForm form{static_cast<CertificateExtras>(plain | static_cast<unsigned>(extra)),
                       std::vector<std::uint8_t>(compressed.size() + 16)};
  Writer writer(form.messages);
  {
    const auto body = begin_message(writer, HandshakeType::compressed_certificate);
    writer.u16(static_cast<std::uint16_t>(algorithm));
    const std::array<std::uint8_t, 3> length = {static_cast<std::uint8_t>(uncompressed >> 16U),
                                                static_cast<std::uint8_t>(uncompressed >> 8U),
                                                static_cast<std::uint8_t>(uncompressed)};
    writer.bytes(length);
    const auto message = writer.length24();
    writer.bytes(compressed);
  }
  form.messages.resize(writer.ok() ? writer.size() : 0);
  form.messages.shrink_to_fit();
  // In front of the first form of the same extras that is longer.
  const auto place = std::find_if(forms.begin(), forms.end(), [&](const CertificateForm& other) {
    return (other.needs & ~kCompressions) == plain && other.messages.size() > form.messages.size();
  });
  if (place != forms.end()) forms.insert(place, std::move(form));
}

const CertificateForm& choose_form(const std::vector<CertificateForm>& forms, CertificateExtras asked) {
  std::size_t i = 0;
  while (i + 1 < forms.size() && (forms[i].needs & ~asked) != 0) ++i;
  return forms[i];
}

std::size_t CertificateMessages::size() const {
  std::size_t bytes = sizeof *this + sct_list_tls12.capacity();
  for (const auto* const forms : {&tls13, &tls12})
    for (const CertificateForm& form : *forms) bytes += sizeof form + form.messages.capacity();
  return bytes;
}

Credential make_credential(const std::vector<std::vector<std::uint8_t>>& der_chain,
                           std::shared_ptr<const crypto::PrivateKey> key) {
  return {std::move(key), std::make_shared<const CertificateMessages>(make_certificate_messages(
                              {.der_chain = der_chain, .ocsp_response = {}, .sct_list = {}}))};
}

}  // namespace lockstep::tls
