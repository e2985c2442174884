// The loop: order, removal in callbacks, and what an exception may cost.
#include "init/os/event_loop.h"

#include <stdexcept>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <unistd.h>

#include "init/os/pipe.h"
#include "tests/fakes/fake_clock.h"

namespace berth::os {
namespace {

using std::chrono::milliseconds;

class Loop : public ::testing::Test {
 protected:
  void turn() { loop_.run_once(milliseconds(0)); }

  FakeClock clock_;
  EventLoop loop_{clock_};
  std::vector<std::string> said_;
};

TEST_F(Loop, RunsTimersInTheOrderOfTheirTimes) {
  loop_.after(milliseconds(20), [this] { said_.emplace_back("late"); });
  loop_.after(milliseconds(10), [this] { said_.emplace_back("first"); });
  loop_.after(milliseconds(10), [this] { said_.emplace_back("second"); });

  clock_.advance(milliseconds(15));
  turn();

  EXPECT_EQ(said_, (std::vector<std::string>{"first", "second"}));
}

TEST_F(Loop, ATimerMayCancelAnotherOfTheSameTurn) {
  TimerId victim = kNoTimer;
  loop_.after(milliseconds(1), [&] { loop_.cancel(victim); });
  victim = loop_.after(milliseconds(2), [this] { said_.emplace_back("cancelled"); });

  clock_.advance(milliseconds(5));
  turn();

  EXPECT_TRUE(said_.empty());
}

TEST_F(Loop, TimeStandsStillDuringATurn) {
  std::vector<TimePoint> seen;
  loop_.after(milliseconds(1), [&] {
    seen.push_back(loop_.now());
    clock_.advance(milliseconds(50));
  });
  loop_.after(milliseconds(2), [&] { seen.push_back(loop_.now()); });

  clock_.advance(milliseconds(5));
  turn();

  ASSERT_EQ(seen.size(), 2U);
  EXPECT_EQ(seen[0], seen[1]);
}

TEST_F(Loop, AWatchRemovedInTheSameTurnHearsNothing) {
  auto one = make_pipe();
  auto two = make_pipe();
  ASSERT_TRUE(one && two);
  FunctionHandler second([this](Events) { said_.emplace_back("second"); });
  FunctionHandler first([&](Events) {
    said_.emplace_back("first");
    loop_.unwatch(two->read_end.borrow());
  });
  loop_.watch(one->read_end.borrow(), true, false, first);
  loop_.watch(two->read_end.borrow(), true, false, second);
  ASSERT_EQ(::write(one->write_end.raw(), "x", 1), 1);
  ASSERT_EQ(::write(two->write_end.raw(), "x", 1), 1);

  turn();
  loop_.unwatch(one->read_end.borrow());

  EXPECT_EQ(said_, std::vector<std::string>{"first"});
}

TEST_F(Loop, AnExceptionCostsItsCallbackAndNothingElse) {
  loop_.set_exception_handler([this](const char* what) { said_.emplace_back(what); });
  loop_.after(milliseconds(1), [] { throw std::runtime_error("no memory"); });
  loop_.after(milliseconds(2), [this] { said_.emplace_back("next"); });
  loop_.set_turn_end([this] { said_.emplace_back("end of turn"); });

  clock_.advance(milliseconds(5));
  turn();

  EXPECT_EQ(said_, (std::vector<std::string>{"no memory", "next", "end of turn"}));
}

TEST_F(Loop, WhatIsDeferredDiesAfterAllCallbacks) {
  struct Witness : Deferred {
    explicit Witness(std::vector<std::string>& where) : said(where) {}
    ~Witness() override { said.emplace_back("dead"); }
    std::vector<std::string>& said;
  };
  loop_.after(milliseconds(1), [this] { loop_.defer_delete(std::make_unique<Witness>(said_)); });
  loop_.after(milliseconds(2), [this] { said_.emplace_back("callback"); });

  clock_.advance(milliseconds(5));
  turn();

  EXPECT_EQ(said_, (std::vector<std::string>{"callback", "dead"}));
}

}  // namespace
}  // namespace berth::os
