#include "control/tickets/state_file.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <filesystem>
#include <system_error>
#include <utility>

#include "control/certs/secret_file.h"

namespace lockstep::tickets {
namespace {

constexpr mode_t kOwnerOnly = 0600;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) close(fd_);
  }
  int get() const { return fd_; }
  bool ok() const { return fd_ >= 0; }

 private:
  int fd_;
};

std::string folder_of(const std::string& path) {
  const std::filesystem::path folder = std::filesystem::path(path).parent_path();
  return folder.empty() ? "." : folder.string();
}

std::string failure(const std::string& what, const std::string& path) {
  const int error = errno;
  std::string remedy = "check the disk";
  if (error == EACCES || error == EPERM || error == EROFS)
    remedy = "the folder must be writable for the user that runs the service";
  if (error == ENOENT) remedy = "make the folder, or correct \"secret\" in [tickets]";
  if (error == ENOSPC || error == EDQUOT) remedy = "make room on the disk";
  if (error == ELOOP) remedy = "name the file itself, not a symbolic link";
  return "cannot " + what + " " + path + " (" + std::generic_category().message(error) + "); " + remedy;
}

bool write_whole(int fd, Bytes bytes) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = pwrite(fd, bytes.data() + done, bytes.size() - done, static_cast<off_t>(done));
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    done += static_cast<std::size_t>(n);
  }
  return true;
}

/// Overwrites what a file holds, as far as its file system writes in place.
void overwrite(int fd) {
  struct stat info{};
  if (fstat(fd, &info) != 0) return;
  const std::array<std::uint8_t, 4096> zeros{};
  for (off_t at = 0; at < info.st_size; at += static_cast<off_t>(zeros.size()))
    if (pwrite(fd, zeros.data(), std::min(zeros.size(), static_cast<std::size_t>(info.st_size - at)), at) < 0) return;
  fsync(fd);
}

/// Overwrites and unlinks a file, if it is there.
void wipe_away(const std::string& path) {
  {
    const Descriptor file(open(path.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (file.ok()) overwrite(file.get());
  }
  unlink(path.c_str());
}

/// Gives `fd` to the owner of `like`; who may not give files away keeps it.
void give_to_owner(int fd, const struct stat& like) {
  if (fchown(fd, like.st_uid, like.st_gid) != 0) return;
}

std::string write_new(const std::string& path, Bytes content, const struct stat& owner) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, kOwnerOnly));
  if (!file.ok()) return failure("write", path);
  give_to_owner(file.get(), owner);
  if (!write_whole(file.get(), content) || fsync(file.get()) != 0) return failure("write", path);
  return {};
}

/// Lets the two names change places; where that cannot be, or there is no old file, the new one takes the old one's.
bool exchange(const std::string& fresh, const std::string& path) {
  if (renameat2(AT_FDCWD, fresh.c_str(), AT_FDCWD, path.c_str(), RENAME_EXCHANGE) == 0) return true;
  if (errno != ENOENT && errno != EINVAL && errno != ENOSYS) return false;
  return rename(fresh.c_str(), path.c_str()) == 0;
}

}  // namespace

Result<FolderLock, std::string> FolderLock::take(const std::string& file, int ms) {
  const std::string folder = folder_of(file);
  FolderLock lock(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (lock.fd_ < 0) return Failure{failure("open the folder", folder)};
  for (; flock(lock.fd_, LOCK_EX | LOCK_NB) != 0; ms -= 10) {
    if (errno != EWOULDBLOCK && errno != EINTR) return Failure{failure("lock the folder", folder)};
    if (ms <= 0) return Failure{"another program holds the folder " + folder + " locked; end it, or try again"};
    poll(nullptr, 0, 10);
  }
  return lock;
}

FolderLock::FolderLock(FolderLock&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

FolderLock::~FolderLock() {
  if (fd_ >= 0) close(fd_);
}

Result<State, std::string> read_state(const std::string& path) {
  const Result<certs::SecretFile, std::string> file = certs::SecretFile::read(path);
  if (!file) return Failure{file.error()};
  auto ratchet = StateText::parse(file.value().text());
  if (!ratchet) return Failure{path + " is no ticket state: " + ratchet.error()};
  return State{std::move(ratchet.value()), file.value().world_readable()};
}

std::string replace_state(const std::string& path, const Ratchet& ratchet) {
  const std::string folder = folder_of(path), fresh = path + ".new";
  const Descriptor directory(open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  struct stat owner{};
  if (!directory.ok() || fstat(directory.get(), &owner) != 0) return failure("open the folder", folder);
  wipe_away(fresh);  // of a replacement that was cut off
  const Descriptor old(open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
  if (!old.ok() && errno != ENOENT) return failure("open", path);
  if (old.ok() && fstat(old.get(), &owner) != 0) return failure("open", path);
  const StateText text(ratchet);
  std::string error = write_new(fresh, text.bytes(), owner);
  if (error.empty() && !exchange(fresh, path)) error = failure("replace", path);
  if (!error.empty()) {
    wipe_away(fresh);
    return error;
  }
  if (fsync(directory.get()) != 0) return failure("write the folder", folder);
  // Only now: until the exchange was on the disk, the old content was the state.
  if (old.ok()) overwrite(old.get());
  unlink(fresh.c_str());
  return {};
}

}  // namespace lockstep::tickets
