// The child's side of spawn(): from the fork to execve, with nothing but async-signal-safe calls.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

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

/// An ExecImage in the form that system calls take. Everything is allocated here, in the parent;
/// the child writes only into what is there. Points into `image`, which must outlive it.
class ChildPlan {
 public:
  /// report: the write end of the report pipe.
  ChildPlan(const ExecImage& image, BorrowedFd report);
  ChildPlan(const ChildPlan&) = delete;
  ChildPlan& operator=(const ChildPlan&) = delete;
  ~ChildPlan() = default;

  /// The child. Ends in execve, or with a report and _exit(127). in_cgroup: it was born in the
  /// image's group of version 2. REQUIRES: every signal is blocked.
  [[noreturn]] void run(bool in_cgroup);

 private:
  void report_failure(ChildStage stage, int detail = 0) const;
  void require(ChildStage stage, bool done) const;
  void attempt(ChildStage stage, bool done) const;

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

  const ExecImage& image_;
  std::vector<char*> argv_;
  std::vector<char*> environment_;
  char** variables_;                  ///< environment_, or what was made of it and of a file
  std::vector<std::string> own_pid_;  ///< "LISTEN_PID=" and the like, with room for the number
  std::vector<int> fds_;              ///< index = number in the child; -1 = /dev/null
  std::vector<gid_t> groups_;         ///< the image's, then the unit's mark if there is one
  std::array<char, 16> oom_text_;
  std::size_t oom_length_ = 0;  ///< 0 = leave it
  int report_;
};

}  // namespace berth::os
