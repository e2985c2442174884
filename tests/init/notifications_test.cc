// What follows from datagrams, and how little from those of strangers. The test process plays the
// unit's main process.
#include "init/notifications.h"

#include <string>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/fakes/fake_clock.h"
#include "tests/init/lives_site.h"

namespace berth {
namespace {

class NotificationsTest : public LivesTest<FakeClock> {
 protected:
  NotificationsTest() {
    loop_.run_once(std::chrono::milliseconds(0));
    unit_.unit.service.ready.way = ProbeSpec::Way::notify;
    unit_.life.main_pid = ::getpid();
    unit_.state = UnitState::starting;
    readiness_.begin(unit_);
  }
  void sends(pid_t sender, const std::string& text, bool too_long = false) {
    os::Datagram datagram;
    datagram.bytes = text;
    datagram.sender = {sender, 1000, 1000};
    datagram.too_long = too_long;
    notifications_.on_datagram(datagram);
  }
  void unit_sends(const std::string& text) { sends(::getpid(), text); }
  std::string lines_of(const std::string& name) {
    std::string text;
    for (const LogLine& line : logs_.tail(name).lines)
      text += line.text + "\n";
    return text;
  }
  /// The event that was posted; `start` = none.
  UnitEvent posted() { return table_.take().event; }

  Notifications notifications_{{loop_, table_, logs_, readiness_, lives_, settings_}};
};

/// Neither the test nor any of its ancestors; kernel threads need not be visible here.
constexpr pid_t kNobody = 2'000'000'000;

TEST_F(NotificationsTest, AUnitIsReadyOnceWhenItSaysSo) {
  unit_sends("READY=1");
  EXPECT_EQ(UnitEvent::ready, posted());

  unit_sends("READY=1");

  EXPECT_EQ(UnitEvent::start, posted()) << "nothing more";
}

TEST_F(NotificationsTest, WhatAUnitSaysOfItselfIsKept) {
  unit_sends("STATUS=warming up");
  EXPECT_EQ("warming up", unit_.life.told.str());
  unit_sends("RELOADING=1");
  EXPECT_EQ("reloading: warming up", unit_.life.told.str());
  unit_sends("READY=1\nSTATUS=");
  EXPECT_EQ("", unit_.life.told.str());
  unit_sends("STOPPING=1");
  EXPECT_EQ("stopping", unit_.life.told.str());
}

TEST_F(NotificationsTest, ADatagramOfAStrangerChangesNothing) {
  sends(kNobody, "READY=1\nSTATUS=forged");
  sends(0, "READY=1");

  EXPECT_EQ("", unit_.life.told.str());
  EXPECT_EQ(UnitEvent::start, posted());
}

TEST_F(NotificationsTest, RefusalsAreLoggedOnceAMinuteAndCounted) {
  for (int i = 0; i < 1000; ++i)
    sends(kNobody, "READY=1");
  const std::string first =
      "warning: a notification of pid 2000000000, uid 1000, was refused: that process belongs to "
      "no "
      "unit that uses sd_notify\n";
  EXPECT_EQ(first, lines_of(""));

  clock_.advance(std::chrono::minutes(1));
  loop_.run_once(std::chrono::milliseconds(0));
  sends(::getpid(), "X", true);

  EXPECT_EQ(first + "warning: a notification of pid " + std::to_string(::getpid()) +
                ", uid 1000, was refused: it is longer than 4096 bytes (999 others were refused "
                "since the last one)\n",
            lines_of(""));
}

TEST_F(NotificationsTest, NonsenseIsLoggedOnceALife) {
  for (int i = 0; i < 3; ++i)
    unit_sends("READY=perhaps");

  EXPECT_EQ("warning: a notification is not understood: READY=perhaps\n", lines_of("web"));
}

TEST_F(NotificationsTest, AStrangerIsNoMainProcess) {
  for (int i = 0; i < 3; ++i)
    unit_sends("MAINPID=2000000000");

  EXPECT_EQ("warning: MAINPID=2000000000 was refused: it is no process of this unit\n",
            lines_of("web"));
  EXPECT_EQ(::getpid(), unit_.life.main_pid);
}

TEST_F(NotificationsTest, AMainProcessThatChangesWithoutEndTakesNoMemory) {
  const auto waiting_child = [] {
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::pause();
      ::_exit(0);
    }
    return pid;
  };
  const pid_t one = waiting_child(), other = waiting_child();
  unit_.life.sessions = {::getsid(0)};
  unit_.life.main_pid = one;

  for (int i = 0; i < 50; ++i) {
    sends(one, "MAINPID=" + std::to_string(other));
    EXPECT_EQ(other, unit_.life.main_pid);
    sends(other, "MAINPID=" + std::to_string(one));
    EXPECT_EQ(one, unit_.life.main_pid);
  }

  EXPECT_EQ(1U, unit_.life.sessions.size());
  for (const pid_t child : {one, other}) {
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
  }
}

TEST_F(NotificationsTest, AUnitWhoseLifeIsOverIsNotBelieved) {
  readiness_.forget(unit_);

  unit_sends("STATUS=still here");

  EXPECT_EQ("", unit_.life.told.str());
}

TEST_F(NotificationsTest, TheWatchdogBarksOnlyWhileTheUnitIsUp) {
  unit_.state = UnitState::stopping;
  unit_sends("WATCHDOG=trigger");
  EXPECT_EQ(UnitEvent::start, posted());
  unit_.state = UnitState::running;
  unit_sends("WATCHDOG=trigger");

  EXPECT_EQ(UnitEvent::unhealthy, posted());
  EXPECT_EQ("watchdog: it has told its watchdog that it is not well", unit_.reason);
}

TEST_F(NotificationsTest, AnotherIntervalHoldsFromThenOn) {
  unit_.state = UnitState::running;
  unit_sends("WATCHDOG_USEC=50000");
  ASSERT_NE(nullptr, unit_.life.watchdog);
  clock_.advance(std::chrono::milliseconds(50));
  loop_.run_once(std::chrono::milliseconds(0));

  EXPECT_EQ(UnitEvent::unhealthy, posted());
  EXPECT_EQ("watchdog: it sent no WATCHDOG=1 for 50ms", unit_.reason);
}

TEST_F(NotificationsTest, MoreTimeIsNeverLess) {
  int timeouts = 0;
  unit_.life.due = loop_.now() + std::chrono::seconds(5);
  unit_.deadline = loop_.at(unit_.life.due, [&] { ++timeouts; });
  unit_sends("EXTEND_TIMEOUT_USEC=1000000");
  EXPECT_FALSE(unit_.life.was_extended);
  unit_sends("EXTEND_TIMEOUT_USEC=8000000");
  clock_.advance(std::chrono::seconds(7));
  loop_.run_once(std::chrono::milliseconds(0));
  EXPECT_EQ(UnitEvent::start, posted());
  clock_.advance(std::chrono::seconds(1));
  loop_.run_once(std::chrono::milliseconds(0));

  EXPECT_EQ(UnitEvent::timeout, posted());
  EXPECT_EQ(0, timeouts);
  EXPECT_EQ("not ready within 30s and the time that it asked for: it has not sent READY=1",
            unit_.reason);
}

}  // namespace
}  // namespace berth
