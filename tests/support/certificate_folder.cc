// Makes a folder of certificates for system tests:
//   certificate_folder FOLDER COUNT [OCSP_URL]
// ca.pem and ca.key are a new authority; sites/N.pem are bundles (certificate, authority, key) for nN.lockstep.test;
// index.txt is what "openssl ocsp" answers from.
#include <sys/stat.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "tests/support/certificates.h"

namespace {

void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path) << text;
  chmod(path.c_str(), 0600);
}

/// Hexadecimal, with an even number of digits.
std::string serial_text(long serial) {
  char digits[20];
  std::snprintf(digits, sizeof digits, "%lX", serial);
  const std::string text = digits;
  return text.size() % 2 == 0 ? text : "0" + text;
}

}  // namespace

int main(int count, char** arguments) {
  if (count < 3) {
    std::fprintf(stderr, "certificate_folder FOLDER COUNT [OCSP_URL]\n");
    return 2;
  }
  const std::filesystem::path folder = arguments[1];
  std::filesystem::create_directories(folder / "sites");
  const lockstep::test::Issuer authority =
      lockstep::test::make_authority("Lockstep test authority of " + folder.filename().string());
  write(folder / "ca.pem", authority.certificate_pem);
  write(folder / "ca.key", authority.key_pem);
  std::string index;
  const long sites = std::strtol(arguments[2], nullptr, 10);
  for (long i = 0; i < sites; ++i) {
    lockstep::test::CertificateRequest request;
    request.key_pem = lockstep::test::make_key("P-256");
    request.common_name = "n" + std::to_string(i) + ".lockstep.test";
    request.alt_names = "DNS:" + request.common_name;
    request.not_after = 90L * 24 * 3600;
    request.ocsp_url = count > 3 ? arguments[3] : "";
    const std::string certificate = lockstep::test::make_certificate(request, &authority);
    write(folder / "sites" / (std::to_string(i) + ".pem"), certificate + authority.certificate_pem + request.key_pem);
    // The authority's own certificate has the first serial number.
    index += "V\t491231235959Z\t\t" + serial_text(i + 2) + "\tunknown\t/CN=" + request.common_name + "\n";
  }
  write(folder / "index.txt", index);
  write(folder / "index.txt.attr", "unique_subject = no\n");
}
