// A fleet's ticket keys: machines that share a state agree without talking, and none can turn back.
#include <gtest/gtest.h>
#include <sys/stat.h>

#include <filesystem>

#include "control/tickets/keeper.h"
#include "control/tickets/state_file.h"
#include "control/tickets/transfer.h"
#include "tests/unit/control/certificates.h"

namespace lockstep::tickets {
namespace {

constexpr Duration kSlice = hours(1);
constexpr Duration kLifetime = hours(2);
constexpr std::uint64_t kFirst = 500'000;

/// `offset` into slice `slice`.
UnixTime at(std::uint64_t slice, Duration offset = {}) {
  return static_cast<UnixTime>(slice) * kSlice.ns + offset.ns;
}

using Name = std::array<std::uint8_t, tls::kTicketKeyName>;
Name sealing_name(const Keeper& keeper) {
  return keeper.keys()->sealing->name;
}
bool accepts(const Keeper& keeper, const Name& name) {
  return keeper.keys()->find(name) != nullptr;
}
std::string text_of(const Ratchet& ratchet) {
  const StateText text(ratchet);
  return {reinterpret_cast<const char*>(text.bytes().data()), text.bytes().size()};
}

/// A machine with a folder of its own.
class Machine {
 public:
  Machine() {
    config.tickets.from = config::TicketSource::fleet;
    config.tickets.secret = file();
    config.tickets.slice = kSlice;
    config.services.emplace_back().tls.session_lifetime = kLifetime;
  }
  std::string file() const { return folder_.file("state/tickets"); }
  std::string state() const { return tests::read(file()); }
  void set_state(const std::string& text) const {
    std::filesystem::create_directories(folder_.path() / "state");
    tests::write(file(), text);
    chmod(file().c_str(), 0600);
  }
  Material load(UnixTime now) {
    config::Diagnostics diagnostics("test");
    Material material = tickets::load(config.tickets, now, diagnostics);
    told = diagnostics.render_all();
    return material;
  }
  Keeper& start(UnixTime now) {
    auto made = Keeper::create(config, load(now), now);
    EXPECT_EQ(told, "");
    EXPECT_TRUE(made) << made.error();
    keeper_ = std::move(made.value());
    return *keeper_;
  }
  std::string import(const std::string& text, UnixTime now) {
    std::filesystem::create_directories(folder_.path() / "state");
    const auto imported = import_state(config.tickets, text, now);
    return imported ? "" : imported.error();
  }
  std::string export_at(UnixTime now) {
    const auto exported = export_state(config.tickets, now);
    EXPECT_TRUE(exported) << exported.error();
    return text_of(*exported.value());
  }
  Keeper& keeper() { return *keeper_; }

  config::Config config;
  std::string told;

 private:
  tests::TemporaryFolder folder_;
  std::unique_ptr<Keeper> keeper_;
};

std::string first_state() {
  const std::array<std::uint8_t, 32> secret = {1, 2, 3};
  return text_of(Ratchet(secret, kFirst, kSlice));
}

TEST(Fleet, MachinesThatShareAStateAgreeInEverySliceWithoutTalking) {
  Machine a, b;
  a.set_state(first_state());
  b.set_state(first_state());
  a.start(at(kFirst));
  b.start(at(kFirst));
  Name before{};
  for (std::uint64_t slice = kFirst; slice < kFirst + 60; ++slice) {
    // They look at different moments, and one of them not in every slice.
    a.keeper().advance(at(slice, seconds(7)));
    if (slice % 5 == 0) continue;
    b.keeper().advance(at(slice, seconds(3400)));
    ASSERT_EQ(sealing_name(a.keeper()), sealing_name(b.keeper())) << slice;
    ASSERT_NE(sealing_name(a.keeper()), before);
    before = sealing_name(a.keeper());
    const auto keys = a.keeper().keys(), other = b.keeper().keys();
    const Bytes mine = keys->sealing->keys.key.expose(), theirs = other->sealing->keys.key.expose();
    ASSERT_TRUE(std::equal(mine.begin(), mine.end(), theirs.begin()));
    ASSERT_EQ(a.state(), b.state());
  }
}

TEST(Fleet, AcceptsWhatAMachineSealsWhoseClockIsAheadOrBehind) {
  Machine ahead, behind;
  ahead.set_state(first_state());
  behind.set_state(first_state());
  ahead.start(at(kFirst));
  behind.start(at(kFirst));
  ahead.keeper().advance(at(kFirst + 9));
  behind.keeper().advance(at(kFirst + 8));
  EXPECT_TRUE(accepts(behind.keeper(), sealing_name(ahead.keeper())));
  EXPECT_TRUE(accepts(ahead.keeper(), sealing_name(behind.keeper())));
}

TEST(Fleet, AMachineThatJoinsFromTheCurrentStateAgrees) {
  Machine old_one, new_one;
  old_one.set_state(first_state());
  old_one.start(at(kFirst));
  old_one.keeper().advance(at(kFirst + 50));
  EXPECT_EQ(new_one.import(old_one.export_at(at(kFirst + 50, seconds(10))), at(kFirst + 50, seconds(60))), "");
  struct stat info{};
  ASSERT_EQ(stat(new_one.file().c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777U, 0600U);
  new_one.start(at(kFirst + 50, seconds(90)));
  for (std::uint64_t slice = kFirst + 50; slice < kFirst + 60; ++slice) {
    old_one.keeper().advance(at(slice, seconds(100)));
    new_one.keeper().advance(at(slice, seconds(100)));
    ASSERT_EQ(sealing_name(new_one.keeper()), sealing_name(old_one.keeper()));
  }
}

TEST(Fleet, AnExportIsOfThePresentHoweverOldTheFileIs) {
  Machine machine;
  machine.set_state(first_state());
  const std::string exported = machine.export_at(at(kFirst + 20));
  EXPECT_NE(exported.find("\nslice 500020\n"), std::string::npos);
  EXPECT_EQ(exported.find(first_state().substr(first_state().find("secret"), 40)), std::string::npos);
}

TEST(Fleet, AMachineThatWasOffCatchesUp) {
  Machine was_off, was_on;
  was_off.set_state(first_state());
  was_on.set_state(first_state());
  was_on.start(at(kFirst));
  std::vector<Name> names;
  for (std::uint64_t slice = kFirst; slice <= kFirst + 30; ++slice) {
    was_on.keeper().advance(at(slice));
    names.push_back(sealing_name(was_on.keeper()));
  }
  was_off.start(at(kFirst + 30, seconds(1)));
  EXPECT_EQ(sealing_name(was_off.keeper()), names.back());
  EXPECT_EQ(was_off.state(), was_on.state()) << "the file is of the present when the service runs";
  EXPECT_TRUE(accepts(was_off.keeper(), names[29])) << "others sealed under it not long ago";
  EXPECT_FALSE(accepts(was_off.keeper(), names[26]));
}

/// Names of the keys that whoever has the state `text` can compute, for `count` slices from its own on.
std::vector<Name> reachable(const std::string& text, int count) {
  auto ratchet = StateText::parse(text);
  EXPECT_TRUE(ratchet) << ratchet.error();
  std::vector<Name> names;
  for (; count > 0; --count) {
    names.push_back(ratchet.value()->key()->name);
    ratchet.value()->step();
  }
  return names;
}

TEST(Fleet, TodaysStateCannotOpenATicketFromBeforeTheWindow) {
  Machine machine;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  std::vector<std::pair<UnixTime, Name>> sealed;  // every ten minutes
  for (UnixTime now = at(kFirst); now < at(kFirst + 40); now += seconds(600).ns) {
    machine.keeper().advance(now);
    sealed.emplace_back(now, sealing_name(machine.keeper()));
    const std::vector<Name> from_file = reachable(machine.state(), 100);
    for (const auto& [when, name] : sealed) {
      // The memory opens what is at most lifetime and one slice old, and all that is not older than the lifetime.
      const bool opens = accepts(machine.keeper(), name);
      const Duration age{now - when};
      ASSERT_FALSE(opens && age >= kLifetime + kSlice) << age.ns;
      ASSERT_TRUE(opens || age >= kLifetime) << age.ns;
      // The file opens nothing of an earlier slice.
      const bool in_file = std::find(from_file.begin(), from_file.end(), name) != from_file.end();
      ASSERT_EQ(in_file, when / kSlice.ns == now / kSlice.ns);
    }
  }
}

TEST(Fleet, RestartsFromItsFile) {
  Machine machine;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  machine.keeper().advance(at(kFirst + 3));
  const Name name = sealing_name(machine.keeper());
  EXPECT_EQ(sealing_name(machine.start(at(kFirst + 3, seconds(5)))), name);
}

TEST(Fleet, AStateFromTheFutureIsRefusedWithARemedy) {
  Machine machine;
  machine.set_state(first_state());
  machine.load(at(kFirst - 2));
  EXPECT_NE(machine.told.find("it is 2 slices ahead of this machine's clock; set the clock, or import"),
            std::string::npos)
      << machine.told;
  EXPECT_NE(machine.import(first_state(), at(kFirst - 2)).find("2 slices ahead"), std::string::npos);
  machine.load(at(kFirst - 1));
  EXPECT_EQ(machine.told, "") << "a clock may be a little behind";
  EXPECT_EQ(sealing_name(machine.start(at(kFirst - 1))), reachable(first_state(), 1)[0]);
}

TEST(Fleet, AStateThatIsTooFarBehindIsRefusedWithARemedy) {
  Machine machine;
  machine.set_state(first_state());
  machine.load(at(kFirst + Ratchet::kMaxSteps + 1));
  EXPECT_NE(machine.told.find("262145 slices behind this machine's clock; set the clock, or import"), std::string::npos)
      << machine.told;
}

TEST(Fleet, OtherSlicesThanTheFleetsAreRefused) {
  Machine machine;
  machine.set_state(first_state());
  machine.config.tickets.slice = seconds(1800);
  machine.load(at(kFirst));
  EXPECT_NE(machine.told.find("its slices are 1h long, those configured are 30min"), std::string::npos) << machine.told;
}

TEST(Fleet, AClockThatIsSetBackDoesNotTurnTheRatchetBack) {
  Machine machine;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  machine.keeper().advance(at(kFirst + 5));
  const Name name = sealing_name(machine.keeper());
  EXPECT_FALSE(machine.keeper().advance(at(kFirst + 2)));
  EXPECT_EQ(sealing_name(machine.keeper()), name);
  EXPECT_TRUE(machine.keeper().advance(at(kFirst + 6)));
}

TEST(Fleet, AClockThatJumpsBeyondReasonIsNotFollowed) {
  Machine machine;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  const Name name = sealing_name(machine.keeper());
  EXPECT_FALSE(machine.keeper().advance(at(kFirst + Ratchet::kMaxSteps + 1)));
  EXPECT_NE(machine.keeper().view().problem.find("the clock has jumped"), std::string::npos);
  EXPECT_EQ(sealing_name(machine.keeper()), name);
  machine.keeper().advance(at(kFirst));
  EXPECT_EQ(machine.keeper().view().problem, "") << "it was set right";
}

TEST(Fleet, AnImportIntoARunningServiceTakesEffectWithTheNextSlice) {
  Machine machine, other;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  std::filesystem::create_directories(std::filesystem::path(other.file()).parent_path());
  ASSERT_TRUE(begin_fleet(other.config.tickets, at(kFirst)));
  other.start(at(kFirst));
  ASSERT_EQ(machine.import(other.export_at(at(kFirst, seconds(5))), at(kFirst, seconds(5))), "");
  const Name old_name = sealing_name(machine.keeper());
  EXPECT_FALSE(machine.keeper().advance(at(kFirst, seconds(10))));
  EXPECT_TRUE(machine.keeper().advance(at(kFirst + 1)));
  other.keeper().advance(at(kFirst + 1));
  EXPECT_EQ(sealing_name(machine.keeper()), sealing_name(other.keeper()));
  EXPECT_EQ(machine.state(), other.state()) << "the import was not overwritten";
  EXPECT_TRUE(accepts(machine.keeper(), old_name)) << "its tickets are still good";
  machine.keeper().advance(at(kFirst + 4));
  EXPECT_FALSE(accepts(machine.keeper(), old_name));
}

TEST(Fleet, AnImportIntoARunningServiceTakesEffectOnReload) {
  Machine machine, other;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  std::filesystem::create_directories(std::filesystem::path(other.file()).parent_path());
  ASSERT_TRUE(begin_fleet(other.config.tickets, at(kFirst)));
  other.start(at(kFirst));
  machine.set_state(other.state());
  EXPECT_EQ(machine.keeper().configure(machine.config, machine.load(at(kFirst)), at(kFirst)), "");
  EXPECT_EQ(sealing_name(machine.keeper()), sealing_name(other.keeper()));
}

TEST(Fleet, GoesOnWithoutItsFileSaysSoAndTriesAgain) {
  Machine machine;
  machine.set_state(first_state());
  machine.start(at(kFirst));
  const auto folder = std::filesystem::path(machine.file()).parent_path();
  std::filesystem::remove_all(folder);
  EXPECT_TRUE(machine.keeper().advance(at(kFirst + 1)));
  EXPECT_EQ(sealing_name(machine.keeper()), reachable(first_state(), 2)[1]);
  EXPECT_NE(machine.keeper().view().problem.find("cannot open the folder"), std::string::npos)
      << machine.keeper().view().problem;
  std::filesystem::create_directory(folder);
  machine.keeper().advance(at(kFirst + 1, seconds(9)));
  EXPECT_NE(machine.keeper().view().problem, "");
  machine.keeper().advance(at(kFirst + 1, seconds(10)));
  EXPECT_EQ(machine.keeper().view().problem, "");
  EXPECT_NE(machine.state().find("\nslice 500001\n"), std::string::npos);
}

TEST(Fleet, DoesNotStartWhenItsFileCannotBeReplaced) {
  Machine machine;
  machine.set_state(first_state());
  Material material = machine.load(at(kFirst));
  std::filesystem::remove_all(std::filesystem::path(machine.file()).parent_path());
  const auto made = Keeper::create(machine.config, std::move(material), at(kFirst));
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().find("make the folder, or correct \"secret\" in [tickets]"), std::string::npos)
      << made.error();
}

TEST(Fleet, IsRotatedByTimeOnly) {
  Machine machine;
  machine.set_state(first_state());
  EXPECT_NE(machine.start(at(kFirst)).rotate(at(kFirst)).find("ticket import --new"), std::string::npos);
}

TEST(Fleet, TransfersNeedAFleet) {
  config::Tickets tickets;
  EXPECT_NE(export_state(tickets, 0).error().find("set source = \"fleet\""), std::string::npos);
  EXPECT_FALSE(import_state(tickets, first_state(), 0));
  EXPECT_FALSE(begin_fleet(tickets, 0));
}

TEST(Fleet, NewSecretsDiffer) {
  const auto a = Ratchet::make(at(kFirst), kSlice), b = Ratchet::make(at(kFirst), kSlice);
  ASSERT_TRUE(a && b);
  EXPECT_NE(text_of(*a.value()), text_of(*b.value()));
  EXPECT_EQ(a.value()->slice(), kFirst);
}

// ---- the state as text

TEST(StateText, StaysTheSameForMachinesOfAllVersions) {
  EXPECT_EQ(first_state(),
            "lockstep-ticket-state 1\nslice_seconds 3600\nslice 500000\n"
            "secret 0102030000000000000000000000000000000000000000000000000000000000\ncheck f6c4250f600b5ec8\n");
  const std::vector<Name> names = reachable(first_state(), 2);
  EXPECT_EQ(names[1][0], 0x1a);
  EXPECT_EQ(names[1][15], 0xdd);
}

TEST(StateText, IsReadBack) {
  const auto ratchet = StateText::parse(first_state());
  ASSERT_TRUE(ratchet) << ratchet.error();
  EXPECT_EQ(text_of(*ratchet.value()), first_state());
}

TEST(StateText, ThatIsDamagedAnywhereIsRefusedWithoutShowingIt) {
  const std::string good = first_state();
  for (std::size_t i = 0; i < good.size(); ++i) {
    for (const char wrong : {'0', '7', 'x', '\n'}) {
      std::string text = good;
      if (text[i] == wrong) continue;
      text[i] = wrong;
      const auto ratchet = StateText::parse(text);
      ASSERT_FALSE(ratchet) << i << wrong;
      ASSERT_NE(ratchet.error().find("; copy it again"), std::string::npos) << ratchet.error();
      ASSERT_EQ(ratchet.error().find("010203"), std::string::npos) << ratchet.error();
    }
    ASSERT_FALSE(StateText::parse(good.substr(0, i))) << i;
  }
  EXPECT_FALSE(StateText::parse(good + "\n"));
  EXPECT_FALSE(StateText::parse(good + good));
  EXPECT_FALSE(StateText::parse(""));
}

TEST(StateText, OfAnAbsurdSliceIsRefused) {
  const auto with = [](const std::string& length, const std::string& slice) {
    return StateText::parse("lockstep-ticket-state 1\nslice_seconds " + length + "\nslice " + slice + "\nsecret " +
                            std::string(64, '1') + "\ncheck 0000000000000000\n");
  };
  for (const char* const length : {"0", "-1", "86401", "1.5", "", "99999999999999999999"})
    EXPECT_NE(with(length, "1").error().find("slice_seconds"), std::string::npos) << length;
  for (const char* const slice : {"-1", "", "18446744073709551615", "9223372036854775807"})
    EXPECT_NE(with("3600", slice).error().find("third line"), std::string::npos) << slice;
}

}  // namespace
}  // namespace lockstep::tickets
