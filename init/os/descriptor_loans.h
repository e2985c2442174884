// Children that are born into their parent's table of descriptors (CLONE_FILES, clone(2)) and copy
// only its beginning, where what they need lies. Copying the whole table at the fork, and closing
// it at execve, costs more than all the rest of a start once there are thousands of descriptors.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include <sys/types.h>

#include "init/os/event_loop.h"
#include "init/os/fd.h"
#include "init/os/process.h"

namespace berth::os {

/// What one child needs until it has a table of its own: duplicates that nobody else closes.
struct DescriptorLoan {
  std::uint32_t number;
  std::vector<UniqueFd> held;
};

/// Keeps the loans until the children say that they have a table of their own, or have ended.
class DescriptorLoans : private FdHandler {
 public:
  /// A child copies the descriptors below this one.
  static constexpr int kReach = 256;

  /// Where the kernel has no CLOSE_RANGE_UNSHARE (close_range(2), Linux 5.9), or a seccomp profile
  /// forbids it, nothing is ever lent.
  explicit DescriptorLoans(EventLoop& loop);
  ~DescriptorLoans() override;
  DescriptorLoans(const DescriptorLoans&) = delete;
  DescriptorLoans& operator=(const DescriptorLoans&) = delete;

  /// Puts duplicates within reach in the place of all descriptors of `image`, and of `report`.
  /// nullopt, and both as they were: there is no room, and the child has to get a table of its own.
  std::optional<DescriptorLoan> lend(ExecImage& image, BorrowedFd& report);
  /// The child `pid` has been born.
  void hand_over(DescriptorLoan loan, pid_t pid);
  /// The child `pid` has ended. Does nothing for others.
  void take_back(pid_t pid);
  /// What a child writes the number of its loan to (4 bytes) once it has a table of its own.
  BorrowedFd notices() const { return notices_.borrow(); }
  std::size_t outstanding() const { return loans_.size(); }

  /// The same, out of the reach of children; `fd` itself if there is no number free.
  static UniqueFd out_of_reach(UniqueFd fd);

 private:
  struct HandedOver {
    DescriptorLoan loan;
    pid_t pid;
  };

  void on_events(Events events) override;
  /// Ends the loans whose numbers have been written.
  void collect();

  EventLoop& loop_;
  UniqueFd heard_, notices_;  ///< closed = nothing is lent
  std::vector<HandedOver> loans_;
  std::uint32_t last_number_ = 0;
};

}  // namespace berth::os
