// Children that are born into our table of descriptors: what they get of it, and what comes back.
#include "init/os/descriptor_loans.h"

#include <chrono>
#include <csignal>
#include <set>
#include <string>

#include <gtest/gtest.h>
#include <sys/syscall.h>

#include "tests/os/old_seccomp_profile.h"
#include "tests/os/spawned.h"

namespace berth::os {
namespace {

class Loans : public ::testing::Test {
 protected:
  static std::set<int> open_descriptors() {
    std::set<int> open;
    for (int fd = 0; fd < 2 * DescriptorLoans::kReach; ++fd)
      if (::fcntl(fd, F_GETFD) >= 0)
        open.insert(fd);
    return open;
  }
  /// What the program printed, once the loan has come back by itself.
  std::string output_of(ExecImage image) {
    int ends[2];
    EXPECT_EQ(::pipe2(ends, O_CLOEXEC), 0);
    const UniqueFd read_end(ends[0]);
    UniqueFd write_end(ends[1]);
    image.standard_output = write_end.borrow();
    const Result<Spawned> child = spawn(image, &loans_);
    write_end.reset();
    if (!child)
      return child.error().message;
    settle();
    std::string output = read_to_end(read_end.borrow());
    if (finish(*child).report != ReportState::executed)
      return "not executed";
    return output;
  }
  void settle() {
    while (loans_.outstanding() > 0)
      loop_.run_once(std::chrono::seconds(1));
  }

  SystemClock clock_;
  EventLoop loop_{clock_};
  DescriptorLoans loans_{loop_};
};

TEST_F(Loans, AChildHasWhatItWasGivenAndNothingElse) {
  const std::set<int> before = open_descriptors();
  // Its own directory is the fourth that ls(1) sees.
  EXPECT_EQ(output_of(image_of({"/bin/sh", "-c", "ls /proc/self/fd | wc -l"})), "4\n");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Loans, AChildIsGivenWhatLiesOutOfItsReach) {
  int ends[2];
  ASSERT_EQ(::pipe2(ends, O_CLOEXEC), 0);
  UniqueFd write_end(ends[1]);
  const UniqueFd far = DescriptorLoans::out_of_reach(UniqueFd(ends[0]));
  ASSERT_GE(far.raw(), DescriptorLoans::kReach);
  ASSERT_EQ(::write(write_end.raw(), "far", 3), 3);
  write_end.reset();
  ExecImage image = image_of({"/bin/cat", "/proc/self/fd/3"});
  image.passed_fds = {far.borrow()};
  EXPECT_EQ(output_of(image), "far");
}

TEST_F(Loans, WhatAChildDoesToItsDescriptorsIsItsOwnAffair) {
  const std::set<int> before = open_descriptors();
  EXPECT_EQ(output_of(image_of({"/bin/sh", "-c", "exec 0<&- 2>&-; echo done"})), "done\n");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Loans, ComeBackFromAChildThatHasEndedWithoutAWord) {
  ExecImage image = image_of({"/bin/true"});
  BorrowedFd report(STDERR_FILENO);
  const std::set<int> before = open_descriptors();
  auto loan = loans_.lend(image, report);
  ASSERT_TRUE(loan.has_value());
  EXPECT_NE(report.raw(), STDERR_FILENO);
  loans_.hand_over(*std::move(loan), 4711);
  loans_.take_back(42);
  EXPECT_EQ(loans_.outstanding(), 1U);
  loans_.take_back(4711);
  EXPECT_EQ(loans_.outstanding(), 0U);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Loans, ThereAreNoneWhereNoNumberIsFreeWithinReach) {
  std::vector<UniqueFd> all;
  do
    all.emplace_back(::fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3));
  while (all.back().is_open() && all.back().raw() < DescriptorLoans::kReach);
  ExecImage image = image_of({"/bin/true"});
  image.standard_error = BorrowedFd(STDERR_FILENO);
  BorrowedFd report(STDERR_FILENO);
  EXPECT_FALSE(loans_.lend(image, report).has_value());
  EXPECT_EQ(image.standard_error.raw(), STDERR_FILENO);
  EXPECT_EQ(report.raw(), STDERR_FILENO);
  // The child gets a copy of all then.
  EXPECT_EQ(output_of(image_of({"/bin/sh", "-c", "ls /proc/self/fd | wc -l"})), "4\n");
}

TEST_F(Loans, ManyBornInOneTurnNeedNoTurnOfTheLoop) {
  std::vector<Spawned> children;
  for (int i = 0; i < DescriptorLoans::kReach; ++i) {
    auto child = spawn(image_of({"/bin/true"}), &loans_);
    ASSERT_TRUE(child);
    children.push_back(*std::move(child));
  }
  for (const Spawned& child : children)
    EXPECT_TRUE(child.report.raw() >= DescriptorLoans::kReach);
  settle();
  for (const Spawned& child : children) {
    const Finished finished = finish(child);
    EXPECT_EQ(finished.report, ReportState::executed);
    EXPECT_EQ(finished.wait_status, 0);
  }
}

TEST(LoansOfAnOldKernel, AreNeverMade) {
  EXPECT_TRUE(holds_in_fork([] {
    refuse_system_calls({SYS_close_range});
    const SystemClock clock;
    EventLoop loop(clock);
    DescriptorLoans loans(loop);
    ExecImage image = image_of({"/bin/true"});
    BorrowedFd report(STDERR_FILENO);
    return !loans.lend(image, report).has_value();
  }));
}

}  // namespace
}  // namespace berth::os
