// Datagrams of the sd_notify protocol.
#include "units/notify_message.h"

#include <gtest/gtest.h>

namespace berth {
namespace {

using Watchdog = NotifyMessage::Watchdog;

TEST(NotifyMessage, ReadsAllThatBerthUnderstands) {
  NotifyMessage expected;
  expected.ready = expected.reloading = expected.stopping = true;
  expected.status = "Processing requests…";
  expected.main_pid = 4711;
  expected.extend_timeout = Milliseconds(20'000);
  expected.watchdog_interval = Milliseconds(3);
  expected.watchdog = Watchdog::alive;

  EXPECT_EQ(expected, parse_notify_message("READY=1\nRELOADING=1\nMONOTONIC_USEC=42\nSTOPPING=1\n"
                                           "STATUS=Processing requests…\nMAINPID=4711\n"
                                           "EXTEND_TIMEOUT_USEC=20000000\nWATCHDOG_USEC=2001\n"
                                           "WATCHDOG=1\n"));
}

TEST(NotifyMessage, SaysNothingWhereNothingIsUnderstood) {
  for (const std::string_view datagram :
       {"", "\n\n", "BARRIER=1", "FDSTORE=1\nFDNAME=x", "READY", "=1", "ready=1", "X_BERTH=1"})
    EXPECT_EQ(NotifyMessage{}, parse_notify_message(datagram)) << datagram;
}

TEST(NotifyMessage, TheLastOfTwoCounts) {
  const NotifyMessage message = parse_notify_message("STATUS=a\nMAINPID=2\nSTATUS=b=c\nMAINPID=3");

  EXPECT_EQ("b=c", message.status);
  EXPECT_EQ(3, message.main_pid);
}

TEST(NotifyMessage, TakesTheZeroByteThatProgramsInCSend) {
  EXPECT_TRUE(parse_notify_message(std::string_view("READY=1\0", 8)).ready);
}

TEST(NotifyMessage, NamesTheFirstValueThatItDoesNotUnderstand) {
  for (const std::string_view line :
       {"READY=yes", "MAINPID=1", "MAINPID=-5", "MAINPID=99999999999", "WATCHDOG=2",
        "WATCHDOG_USEC=", "EXTEND_TIMEOUT_USEC=5s", "EXTEND_TIMEOUT_USEC=18446744073709551616"}) {
    NotifyMessage expected;
    expected.stopping = true;
    expected.not_understood = line;
    EXPECT_EQ(expected, parse_notify_message(std::string(line) + "\nSTOPPING=1\nWATCHDOG=perhaps"));
  }
}

TEST(NotifyMessage, ReadsATriggerAndInfinity) {
  const NotifyMessage message =
      parse_notify_message("WATCHDOG=trigger\nEXTEND_TIMEOUT_USEC=18446744073709551615");

  EXPECT_EQ(Watchdog::trigger, message.watchdog);
  EXPECT_EQ("10y", format_duration(message.extend_timeout.value_or(Milliseconds(0))));
}

TEST(NotifyMessage, CutsALongStatusBeforeACharacter) {
  const std::string text(kMaxNotifyStatus - 1, 'x');

  EXPECT_EQ(text, parse_notify_message("STATUS=" + text + "é and more").status);
}

}  // namespace
}  // namespace berth
