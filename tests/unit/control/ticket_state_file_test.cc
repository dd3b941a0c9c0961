// The state file is whole at every moment: a process that replaces it is killed at each of its system calls.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>

#include "control/tickets/state_file.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::tickets {
namespace {

constexpr std::uint64_t kSlice = 500'000;

std::unique_ptr<Ratchet> ratchet_at(std::uint64_t slice) {
  const std::array<std::uint8_t, 32> secret = {9, 8, 7};
  auto ratchet = std::make_unique<Ratchet>(secret, kSlice, hours(1));
  EXPECT_EQ(ratchet->catch_up(slice), "");
  return ratchet;
}
std::string text_of(const Ratchet& ratchet) {
  const StateText text(ratchet);
  return {reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size()};
}

class StateFile : public testing::Test {
 protected:
  std::string path() const { return folder_.file("tickets"); }
  std::vector<std::string> names() const {
    std::vector<std::string> found;
    for (const auto& entry : std::filesystem::directory_iterator(folder_.path()))
      found.push_back(entry.path().filename().string());
    return found;
  }
  tests::TemporaryFolder folder_;
};

TEST_F(StateFile, IsMadeForItsOwnerOnlyAndReadBack) {
  ASSERT_EQ(replace_state(path(), *ratchet_at(kSlice)), "");
  struct stat info{};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
  const auto state = read_state(path());
  ASSERT_TRUE(state) << state.error();
  EXPECT_EQ(text_of(*state.value().ratchet), text_of(*ratchet_at(kSlice)));
  EXPECT_FALSE(state.value().world_readable);
  EXPECT_EQ(names(), std::vector<std::string>{"tickets"});
}

TEST_F(StateFile, LeavesNothingOfTheOldContent) {
  ASSERT_EQ(replace_state(path(), *ratchet_at(kSlice)), "");
  // Somebody who has the old file open sees what became of its blocks.
  const int old_file = open(path().c_str(), O_RDONLY | O_CLOEXEC);
  ASSERT_EQ(replace_state(path(), *ratchet_at(kSlice + 1)), "");
  std::string left(512, 'x');
  left.resize(static_cast<std::size_t>(pread(old_file, left.data(), left.size(), 0)));
  close(old_file);
  EXPECT_EQ(left, std::string(text_of(*ratchet_at(kSlice)).size(), '\0'));
  EXPECT_EQ(tests::read(path()), text_of(*ratchet_at(kSlice + 1)));
  EXPECT_EQ(names(), std::vector<std::string>{"tickets"});
}

TEST_F(StateFile, KeepsItsOwnerAndTightensItsMode) {
  if (geteuid() != 0) GTEST_SKIP() << "only root may give files away";
  ASSERT_EQ(replace_state(path(), *ratchet_at(kSlice)), "");
  ASSERT_EQ(chown(path().c_str(), 1234, 4321), 0);
  ASSERT_EQ(chmod(path().c_str(), 0644), 0);
  EXPECT_TRUE(read_state(path()).value().world_readable);
  ASSERT_EQ(replace_state(path(), *ratchet_at(kSlice + 1)), "");
  struct stat info{};
  ASSERT_EQ(stat(path().c_str(), &info), 0);
  EXPECT_EQ(info.st_uid, 1234U);
  EXPECT_EQ(info.st_gid, 4321U);
  EXPECT_EQ(info.st_mode & 07777U, 0600U);
}

TEST_F(StateFile, IsNoSymbolicLink) {
  tests::write(folder_.file("elsewhere"), "untouched");
  std::filesystem::create_symlink(folder_.file("elsewhere"), path());
  EXPECT_NE(replace_state(path(), *ratchet_at(kSlice)).find("not a symbolic link"), std::string::npos);
  EXPECT_EQ(tests::read(folder_.file("elsewhere")), "untouched");
}

TEST_F(StateFile, ThatIsNoStateIsToldWithItsName) {
  tests::write(path(), "something else");
  const auto state = read_state(path());
  ASSERT_FALSE(state);
  EXPECT_NE(state.error().find(path() + " is no ticket state: it does not begin with"), std::string::npos);
}

TEST_F(StateFile, TheFoldersLockIsHeldByOne) {
  {
    const auto lock = FolderLock::take(path(), 0);
    ASSERT_TRUE(lock) << lock.error();
    const auto second = FolderLock::take(path(), 20);
    ASSERT_FALSE(second);
    EXPECT_NE(second.error().find("holds the folder"), std::string::npos);
  }
  EXPECT_TRUE(FolderLock::take(path(), 0)) << "given back";
}

/// Runs `work` in a child and kills it just before its system call number `calls` from the start of `work`; true when
/// it was, false when it ended before. Negative: the child could not be traced.
template <class Work>
int killed_at(int calls, const Work& work) {
  const pid_t child = fork();
  if (child == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(2);
    raise(SIGSTOP);
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (!WIFSTOPPED(status)) return -1;
  // Each call stops the child twice: when it begins, and when it returns.
  for (int stops = 0; stops < 2 * calls + 1; ++stops) {
    if (ptrace(PTRACE_SYSCALL, child, nullptr, nullptr) != 0) return -1;
    waitpid(child, &status, 0);
    if (WIFEXITED(status)) return WEXITSTATUS(status) == 0 ? 0 : -1;
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return 1;
}

TEST_F(StateFile, IsWholeWhereverTheReplacementIsCutOff) {
  const std::unique_ptr<Ratchet> before = ratchet_at(kSlice), after = ratchet_at(kSlice + 1);
  const std::string old_text = text_of(*before), new_text = text_of(*after);
  bool seen_old = false, seen_new = false, seen_leftover = false;
  int calls = 0;
  for (;; ++calls) {
    ASSERT_LT(calls, 200);
    ASSERT_EQ(replace_state(path(), *before), "");
    const int killed = killed_at(calls, [&] { (void)replace_state(path(), *after); });
    if (killed < 0) GTEST_SKIP() << "processes cannot be traced here";
    if (killed == 0) break;
    const std::string left = tests::read(path());
    ASSERT_TRUE(left == old_text || left == new_text) << "call " << calls << ": " << left;
    seen_old = seen_old || left == old_text;
    seen_new = seen_new || left == new_text;
    seen_leftover = seen_leftover || names().size() == 2;
    // The next replacement goes on from whatever is there.
    ASSERT_EQ(replace_state(path(), *after), "") << calls;
    ASSERT_EQ(tests::read(path()), new_text);
    ASSERT_EQ(names(), std::vector<std::string>{"tickets"}) << calls;
  }
  EXPECT_GT(calls, 12) << "open, write, fsync, exchange, fsync, overwrite, fsync, unlink and more";
  EXPECT_TRUE(seen_old && seen_new && seen_leftover);
}

TEST_F(StateFile, MadeForTheFirstTimeIsThereAsAWholeOrNotAtAll) {
  for (int calls = 0;; ++calls) {
    ASSERT_LT(calls, 200);
    std::filesystem::remove(path());
    const int killed = killed_at(calls, [&] { (void)replace_state(path(), *ratchet_at(kSlice)); });
    if (killed < 0) GTEST_SKIP() << "processes cannot be traced here";
    if (killed == 0) break;
    if (!std::filesystem::exists(path())) continue;
    ASSERT_EQ(tests::read(path()), text_of(*ratchet_at(kSlice))) << calls;
  }
}

}  // namespace
}  // namespace lockstep::tickets
