// A folder with certificates for tests of the control plane.
#pragma once

#include <filesystem>
#include <string>

namespace lockstep::tests {

/// A folder of its own that goes with the object.
class TemporaryFolder {
 public:
  TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  ~TemporaryFolder();
  const std::filesystem::path& path() const { return path_; }
  std::string file(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

/// Fills `folder` with NAME.pem and NAME.key: ecdsa and rsa (demo.test, *.demo.test), other (other.test, ECDSA),
/// expired (demo.test, ECDSA), open (key readable for all).
void make_certificates(const TemporaryFolder& folder);

void write(const std::string& path, const std::string& text);
std::string read(const std::string& path);

/// A folder of certificates that all tests of one program share.
const TemporaryFolder& certificates();

}  // namespace lockstep::tests
