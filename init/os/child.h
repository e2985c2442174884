// The child's side of spawn(): from the fork to execve, with nothing but async-signal-safe calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "init/os/inherited_memory.h"
#include "init/os/process.h"

namespace berth::os {

/// What travels through the report pipe. Smaller than PIPE_BUF, so it arrives whole.
struct ChildReport {
  std::int32_t stage;
  std::int32_t os_errno;
  std::int32_t detail;
};

/// A stage whose failure is reported and then passed over: a limit or a niceness that the machine
/// does not grant is no reason not to start (capabilities(7): containers lack CAP_SYS_RESOURCE).
constexpr bool is_comfort(ChildStage stage) {
  return stage == ChildStage::limits || stage == ChildStage::nice ||
         stage == ChildStage::oom_score_adj || stage == ChildStage::cgroup ||
         stage == ChildStage::huge_pages || stage == ChildStage::merge;
}

/// An ExecImage in the form that system calls take, in memory that the child inherits (the heap it
/// does not). Everything is allocated here, in the parent; the child writes only into what is
/// there.
class ChildPlan {
 public:
  /// report: the write end of the report pipe. Throws std::bad_alloc.
  ChildPlan(const ExecImage& image, BorrowedFd report);
  ChildPlan(const ChildPlan&) = delete;
  ChildPlan& operator=(const ChildPlan&) = delete;
  ~ChildPlan() = default;

  /// It is born into its parent's table of descriptors, of which it borrows (descriptor_loans.h).
  void set_loan(std::uint32_t number, BorrowedFd notices);
  /// The child. Ends in execve, or with a report and _exit(127). in_cgroup: it was born in the
  /// image's group of version 2. REQUIRES: every signal is blocked.
  [[noreturn]] void run(bool in_cgroup);

 private:
  void report_failure(ChildStage stage, int detail = 0) const;
  void require(ChildStage stage, bool done) const;
  void attempt(ChildStage stage, bool done) const;

  bool copy_table() const;
  bool merge_file();
  bool open_terminal();
  bool enter_cgroups(bool in_cgroup) const;
  bool lift_fds();
  bool place_fds(std::size_t first, std::size_t last) const;
  bool seal_other_fds() const;
  void set_limits() const;
  bool set_oom_score_adj() const;
  bool set_groups() const;
  bool reduce_bounding_set() const;
  bool set_capabilities() const;
  bool set_gid() const;
  bool set_uid() const;
  void write_own_pid();

  char* keep(std::string_view text, std::size_t room = 0);

  const ProcessTraits traits_;
  InheritedMemory memory_;
  const char* const program_;
  const char* const working_directory_;
  const char* const terminal_;  ///< null = none
  std::pmr::vector<char*> argv_;
  std::pmr::vector<char*> environment_;
  char** variables_;                 ///< environment_, or what was made of it and of a file
  std::pmr::vector<char*> own_pid_;  ///< behind "LISTEN_PID=" and the like: room for the number
  std::pmr::vector<int> fds_;        ///< index = number in the child; -1 = /dev/null
  std::pmr::vector<gid_t> groups_;   ///< the image's, then the unit's mark if there is one
  std::pmr::vector<std::pair<int, rlimit>> limits_;
  std::pmr::vector<BorrowedFd> more_cgroups_;
  std::array<char, 16> oom_text_;
  std::size_t oom_length_ = 0;  ///< 0 = leave it
  int report_;
  std::uint32_t loan_ = 0;
  BorrowedFd notices_;  ///< closed = its table is its own
};

}  // namespace berth::os
