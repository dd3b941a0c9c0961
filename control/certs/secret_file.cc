#include "control/certs/secret_file.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>
#include <utility>

#include "crypto/base/secret.h"

namespace lockstep::certs {
namespace {

/// Closes a descriptor.
class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason(const std::string& path, int error) {
  std::string remedy = "check the path";
  if (error == EACCES || error == EPERM) remedy = "let the user that runs this read it";
  if (error == ENOENT) remedy = "correct the path or create the file";
  return "cannot read " + path + " (" + std::generic_category().message(error) + "); " + remedy;
}

Result<struct stat, std::string> inspect(const Descriptor& file, const std::string& path, std::size_t limit) {
  if (file.get() < 0) return Failure{reason(path, errno)};
  struct stat info{};
  if (fstat(file.get(), &info) != 0) return Failure{reason(path, errno)};
  if (!S_ISREG(info.st_mode)) return Failure{path + " is not a regular file; name a file"};
  if (info.st_size == 0) return Failure{path + " is empty; name the right file or fill it"};
  if (static_cast<std::size_t>(info.st_size) > limit)
    return Failure{path + " is larger than " + std::to_string(limit / 1024) + " KiB; name the right file"};
  return info;
}

/// Reads exactly `size` bytes.
bool read_whole(int fd, char* data, std::size_t size) {
  std::size_t got = 0;
  while (got < size) {
    const ssize_t n = ::read(fd, data + got, size - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    got += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Result<SecretFile, std::string> SecretFile::read(const std::string& path) {
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const Result<struct stat, std::string> info = inspect(file, path, kMaxSize);
  if (!info) return Failure{info.error()};
  SecretFile secret;
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  secret.size_ = static_cast<std::size_t>(info.value().st_size);
  secret.mapped_ = (secret.size_ + page - 1) / page * page;
  void* const memory = mmap(nullptr, secret.mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) return Failure{std::string("out of memory")};
  secret.data_ = static_cast<char*>(memory);
  // Best effort: swap and core dumps are also switched off for the whole process.
  (void)mlock(memory, secret.mapped_);
  (void)madvise(memory, secret.mapped_, MADV_DONTDUMP);
  if (!read_whole(file.get(), secret.data_, secret.size_)) return Failure{reason(path, errno)};
  secret.world_readable_ = (info.value().st_mode & S_IROTH) != 0;
  return secret;
}

SecretFile::SecretFile(SecretFile&& other) noexcept
    : data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)),
      mapped_(other.mapped_),
      world_readable_(other.world_readable_) {}

SecretFile::~SecretFile() {
  if (data_ == nullptr) return;
  wipe(MutableBytes(reinterpret_cast<std::uint8_t*>(data_), size_));
  munmap(data_, mapped_);
}

Result<std::string, std::string> read_text_file(const std::string& path) {
  constexpr std::size_t kMaxSize = 4U << 20U;
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  const Result<struct stat, std::string> info = inspect(file, path, kMaxSize);
  if (!info) return Failure{info.error()};
  std::string text(static_cast<std::size_t>(info.value().st_size), '\0');
  if (!read_whole(file.get(), text.data(), text.size())) return Failure{reason(path, errno)};
  return text;
}

}  // namespace lockstep::certs
