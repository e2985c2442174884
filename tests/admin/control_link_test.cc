// Requests to PID 1: matched, bounded, given up, forgotten.
#include "init/admin/control_link.h"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "init/os/packet_socket.h"
#include "tests/fakes/fake_clock.h"
#include "units/wire.h"

namespace berth::admin {
namespace {

using std::chrono::milliseconds;

constexpr ClientId kClient = 1;
constexpr ClientId kOther = 2;
constexpr std::size_t kMaxUnanswered = 16;

class ControlLinkTest : public ::testing::Test {
 protected:
  ControlLinkTest() : loop_(clock_), pair_(*os::packet_pair()) {
    link_ = std::make_unique<ControlLink>(
        loop_, std::move(pair_.second), milliseconds(1000),
        ControlLink::Hooks{[this](const JobEnd& end) { ended_.push_back(end); },
                           [this] { lost_ = true; }});
  }

  /// The next request, as PID 1 sees it.
  control::FromAdmin request() {
    os::Packet packet;
    os::receive_packet(pair_.first.borrow(), control::kMaxPacket, packet);
    return *wire::decode_any<control::FromAdmin>(packet.bytes);
  }
  void answer(const control::ToAdmin& message) {
    os::send_packet(pair_.first.borrow(), wire::encode_any(message));
    loop_.run_once(milliseconds(0));
  }
  void command(ClientId client) {
    link_->command(client, 0, control::Verb::start, "redis",
                   [this](const Answer<std::uint32_t>& reply) { replies_.push_back(reply); });
  }

  FakeClock clock_;
  os::EventLoop loop_;
  std::pair<os::UniqueFd, os::UniqueFd> pair_;
  std::vector<Answer<std::uint32_t>> replies_;
  std::vector<JobEnd> ended_;
  bool lost_ = false;
  std::unique_ptr<ControlLink> link_;
};

TEST_F(ControlLinkTest, AcceptedComesBeforeTheEndOfTheJob) {
  command(kClient);
  const auto id = std::get<control::Command>(request()).id;

  answer(control::Accepted{id});
  EXPECT_EQ(replies_, std::vector<Answer<std::uint32_t>>{id});
  EXPECT_TRUE(ended_.empty());

  answer(control::Finished{id, control::JobResult::failed, {"why"}});
  ASSERT_EQ(ended_.size(), 1U);
  EXPECT_EQ(ended_[0].unit, "redis");
  EXPECT_EQ(ended_[0].lines, std::vector<std::string>{"why"});
}

TEST_F(ControlLinkTest, DenialBecomesAnErrorOfTheBus) {
  command(kClient);
  const auto id = std::get<control::Command>(request()).id;

  answer(control::Denied{id, control::DenyCode::not_permitted, "no"});

  EXPECT_EQ(replies_,
            (std::vector<Answer<std::uint32_t>>{Refusal{"org.berth.Error.AccessDenied", "no"}}));
}

TEST_F(ControlLinkTest, OneClientMayNotAskTooMuchAtOnceAndOthersStillMay) {
  for (std::size_t i = 0; i <= kMaxUnanswered; ++i)
    command(kClient);

  ASSERT_EQ(replies_.size(), 1U);
  EXPECT_EQ(std::get<Refusal>(replies_[0]).name, "org.berth.Error.LimitsExceeded");
  command(kOther);
  EXPECT_EQ(replies_.size(), 1U);
}

TEST_F(ControlLinkTest, UnansweredRequestIsGivenUp) {
  command(kClient);
  const auto id = std::get<control::Command>(request()).id;

  clock_.advance(milliseconds(1000));
  loop_.run_once(milliseconds(0));

  EXPECT_EQ(replies_, (std::vector<Answer<std::uint32_t>>{
                          Refusal{"org.berth.Error.NoAnswer", "berth did not answer in 1s"}}));
  answer(control::Accepted{id});
  EXPECT_EQ(replies_.size(), 1U);
}

TEST_F(ControlLinkTest, JobOfAClientThatWentIsStillToldToTheOthers) {
  command(kClient);
  const auto id = std::get<control::Command>(request()).id;

  link_->forget(kClient);
  answer(control::Finished{id, control::JobResult::done, {}});

  EXPECT_TRUE(replies_.empty());
  EXPECT_EQ(ended_.size(), 1U);
}

TEST_F(ControlLinkTest, DocumentWithoutADescriptorIsAnError) {
  std::vector<Answer<Snapshot>> answers;
  link_->get_snapshot(kClient, false,
                      [&](const Answer<Snapshot>& reply) { answers.push_back(reply); });
  const auto id = std::get<control::GetSnapshot>(request()).id;

  answer(control::Document{id});

  ASSERT_EQ(answers.size(), 1U);
  EXPECT_EQ(std::get<Refusal>(answers[0]),
            (Refusal{"org.berth.Error.NoAnswer", "berth's answer has no document"}));
}

TEST_F(ControlLinkTest, SaysThatPid1HasGone) {
  pair_.first.reset();
  loop_.run_once(milliseconds(0));

  EXPECT_TRUE(lost_);
}

}  // namespace
}  // namespace berth::admin
