// Ticket keys in the service: publishing, retrying, requests from the API's threads.
#include <gtest/gtest.h>

#include <future>

#include "control/service/ticket_keys.h"

namespace lockstep::service {
namespace {

constexpr tickets::UnixTime kStart = seconds(1'800'000'000).ns;

class TicketKeysTest : public testing::Test {
 protected:
  TicketKeysTest() {
    config_.services.emplace_back();
    EXPECT_EQ(keys_.start(config_, {}, kStart), "");
  }
  void tick(tickets::UnixTime now) {
    keys_.tick(now, [this](const std::shared_ptr<const tls::TicketKeys>& published) {
      if (!refusal_.empty()) return refusal_;
      published_.push_back(published);
      return std::string();
    });
  }
  /// Asks as the API's thread does, and ticks until there is an answer.
  api::Rotated rotate() {
    auto answer = std::async(std::launch::async, [this] { return keys_.rotate(); });
    while (answer.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) tick(kStart + 1);
    return answer.get();
  }

  config::Config config_;
  log::Log log_{log::Level::error, log::Format::text, 1000};
  TicketKeys keys_{log_};
  std::string refusal_;
  std::vector<std::shared_ptr<const tls::TicketKeys>> published_;
};

TEST_F(TicketKeysTest, PublishWhatChangesAndNothingElse) {
  tick(kStart + 1);
  EXPECT_TRUE(published_.empty()) << "the first snapshot has them already";
  tick(kStart + hours(1).ns);
  ASSERT_EQ(published_.size(), 1U);
  EXPECT_EQ(published_[0]->keys.size(), 3U);
  tick(kStart + hours(1).ns + 1);
  EXPECT_EQ(published_.size(), 1U);
  EXPECT_EQ(keys_.view().rotations, 1U);
}

TEST_F(TicketKeysTest, WhatCannotBePublishedIsPublishedLater) {
  refusal_ = "4 earlier configurations are still in use";
  tick(kStart + hours(1).ns);
  tick(kStart + hours(1).ns + 1);
  EXPECT_TRUE(published_.empty());
  refusal_.clear();
  tick(kStart + hours(1).ns + 2);
  ASSERT_EQ(published_.size(), 1U);
  EXPECT_EQ(published_[0]->sealing->name, keys_.keys()->sealing->name);
}

TEST_F(TicketKeysTest, AreRotatedOnRequest) {
  const auto before = keys_.keys();
  const api::Rotated rotated = rotate();
  EXPECT_EQ(rotated.outcome, api::Rotated::Outcome::published);
  ASSERT_EQ(published_.size(), 1U);
  EXPECT_NE(published_[0]->sealing->name, before->sealing->name);
  EXPECT_EQ(rotated.sealing, keys_.view().keys[1].name);
  EXPECT_EQ(rotated.sealing.size(), 16U);
}

TEST_F(TicketKeysTest, ARequestWaitsForWhatIsNotPublishedYet) {
  refusal_ = "4 earlier configurations are still in use";
  tick(kStart + hours(1).ns);
  auto answer = std::async(std::launch::async, [this] { return keys_.rotate(); });
  for (int i = 0; i < 20; ++i) {
    tick(kStart + hours(1).ns + i);
    EXPECT_NE(answer.wait_for(std::chrono::milliseconds(1)), std::future_status::ready);
  }
  EXPECT_EQ(keys_.view().rotations, 1U) << "rotations do not pile up";
  refusal_.clear();
  while (answer.wait_for(std::chrono::milliseconds(1)) != std::future_status::ready) tick(kStart + hours(1).ns + 99);
  EXPECT_EQ(answer.get().outcome, api::Rotated::Outcome::published);
  EXPECT_EQ(published_.size(), 2U);
}

TEST_F(TicketKeysTest, ARequestIsRefusedWithTheReason) {
  for (int i = 0; i < 126; ++i) EXPECT_EQ(rotate().outcome, api::Rotated::Outcome::published);
  const api::Rotated refused = rotate();
  EXPECT_EQ(refused.outcome, api::Rotated::Outcome::refused);
  EXPECT_NE(refused.reason.find("keys are accepted already"), std::string::npos) << refused.reason;
}

TEST_F(TicketKeysTest, ARequestThatNobodyCarriesOutEndsByItself) {
  TicketKeys impatient(log_, std::chrono::milliseconds(20));
  EXPECT_EQ(impatient.start(config_, {}, kStart), "");
  EXPECT_EQ(impatient.rotate().outcome, api::Rotated::Outcome::waits);
}

}  // namespace
}  // namespace lockstep::service
