#include "tests/unit/control/certificates.h"

#include <cstdlib>
#include <ctime>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include "control/certs/authority.h"

namespace lockstep::tests {

TemporaryFolder::TemporaryFolder() {
  std::string shape = (std::filesystem::temp_directory_path() / "lockstep-test-XXXXXX").string();
  if (mkdtemp(shape.data()) == nullptr) throw std::runtime_error("cannot make a temporary folder");
  path_ = shape;
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

void make_certificates(const TemporaryFolder& folder) {
  const std::int64_t now = std::time(nullptr);
  const auto authority = certs::Authority::create("test authority", now - 86400, now + 10 * 365 * 86400LL);
  if (!authority) throw std::runtime_error(authority.error());
  const auto issue = [&](const std::string& name, std::vector<std::string> names, crypto::KeyType type,
                         std::int64_t not_after) {
    const certs::Request request{std::move(names), {}, type, 2048, now - 86400, not_after};
    const std::string error = authority.value().issue(request, folder.file(name + ".pem"), folder.file(name + ".key"));
    if (!error.empty()) throw std::runtime_error(error);
  };
  const std::int64_t later = now + 365 * 86400LL;
  issue("ecdsa", {"demo.test", "*.demo.test"}, crypto::KeyType::ecdsa_p256, later);
  issue("rsa", {"demo.test", "*.demo.test"}, crypto::KeyType::rsa, later);
  issue("other", {"other.test"}, crypto::KeyType::ecdsa_p256, later);
  issue("expired", {"demo.test"}, crypto::KeyType::ecdsa_p256, now - 3600);
  issue("open", {"open.test"}, crypto::KeyType::ecdsa_p256, later);
  std::filesystem::permissions(folder.file("open.key"), std::filesystem::perms::others_read,
                               std::filesystem::perm_options::add);
  write(folder.file("ca.pem"), authority.value().certificate_pem());
}

void write(const std::string& path, const std::string& text) {
  std::ofstream(path) << text;
}

std::string read(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

const TemporaryFolder& certificates() {
  static const TemporaryFolder* const folder = [] {
    static TemporaryFolder made;
    make_certificates(made);
    return &made;
  }();
  return *folder;
}

}  // namespace lockstep::tests
