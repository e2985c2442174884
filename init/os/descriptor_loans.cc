// Duplicates below kReach, and the pipe by which children give them back.
#include "init/os/descriptor_loans.h"

#include <array>
#include <limits>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <unistd.h>

namespace berth::os {
namespace {

constexpr int kFirstFree = 3;  // 0, 1 and 2 may be closed for a moment
constexpr std::size_t kFew = 8;
constexpr unsigned kLastFd = std::numeric_limits<unsigned>::max();

// Asked of this process, whose table nobody shares: nothing happens.
bool can_unshare() {
  return ::close_range(kLastFd, kLastFd, CLOSE_RANGE_UNSHARE) == 0;
}

// All that a child needs of its parent's table.
std::vector<BorrowedFd*> descriptors_of(ExecImage& image) {
  std::vector<BorrowedFd*> all{&image.environment_file, &image.standard_input,
                               &image.standard_output, &image.standard_error, &image.cgroup};
  for (BorrowedFd& fd : image.passed_fds)
    all.push_back(&fd);
  for (BorrowedFd& fd : image.more_cgroups)
    all.push_back(&fd);
  return all;
}

}  // namespace

DescriptorLoans::DescriptorLoans(EventLoop& loop) : loop_(loop) {
  int ends[2];
  if (!can_unshare() || ::pipe2(ends, O_CLOEXEC | O_NONBLOCK) != 0)
    return;
  heard_ = UniqueFd(ends[0]);
  notices_ = UniqueFd(ends[1]);
  if (notices_.raw() >= kReach || !loop_.watch(heard_.borrow(), true, false, *this))
    notices_.reset();
}

DescriptorLoans::~DescriptorLoans() {
  if (heard_.is_open())
    loop_.unwatch(heard_.borrow());
}

std::optional<DescriptorLoan> DescriptorLoans::lend(ExecImage& image, BorrowedFd& report) {
  if (!notices_.is_open())
    return std::nullopt;
  // Many may be born in one turn of the loop.
  if (loans_.size() >= kFew)
    collect();
  std::vector<BorrowedFd*> wanted = descriptors_of(image);
  wanted.push_back(&report);
  DescriptorLoan loan{++last_number_, {}};
  loan.held.reserve(wanted.size());
  for (const BorrowedFd* fd : wanted) {
    if (!fd->is_open())
      continue;
    loan.held.emplace_back(::fcntl(fd->raw(), F_DUPFD_CLOEXEC, kFirstFree));
    if (!loan.held.back().is_open() || loan.held.back().raw() >= kReach)
      return std::nullopt;
  }
  auto next = loan.held.begin();
  for (BorrowedFd* fd : wanted)
    if (fd->is_open())
      *fd = (next++)->borrow();
  return loan;
}

void DescriptorLoans::hand_over(DescriptorLoan loan, pid_t pid) {
  loans_.push_back({std::move(loan), pid});
}

void DescriptorLoans::take_back(pid_t pid) {
  std::erase_if(loans_, [pid](const HandedOver& each) { return each.pid == pid; });
}

void DescriptorLoans::on_events(Events /*events*/) {
  collect();
}

void DescriptorLoans::collect() {
  std::array<std::uint32_t, 64> numbers{};
  const ssize_t got = ::read(heard_.raw(), numbers.data(), sizeof numbers);
  const std::size_t count = got > 0 ? static_cast<std::size_t>(got) / sizeof numbers[0] : 0;
  for (std::size_t i = 0; i < count; ++i)
    std::erase_if(loans_, [&](const HandedOver& each) { return each.loan.number == numbers[i]; });
}

UniqueFd DescriptorLoans::out_of_reach(UniqueFd fd) {
  if (!fd.is_open() || fd.raw() >= kReach)
    return fd;
  UniqueFd moved(::fcntl(fd.raw(), F_DUPFD_CLOEXEC, kReach));
  return moved.is_open() ? std::move(moved) : std::move(fd);
}

}  // namespace berth::os
