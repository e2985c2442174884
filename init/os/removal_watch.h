// Being told that files and folders are removed or moved away (man 7 inotify).
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "init/os/fd.h"
#include "units/result.h"

namespace berth::os {

class RemovalWatch {
 public:
  /// What is not there is not watched.
  static Result<RemovalWatch> begin(const std::vector<std::string>& paths);

  /// Becomes readable when one of them is removed or moved, and now and then for less.
  BorrowedFd fd() const { return fd_.borrow(); }
  /// Takes what was told, so that the descriptor waits for more.
  void forget();
  /// Watches nothing any more. A close waits some ten milliseconds for marks that are still there;
  /// of those that were taken off a moment ago, the kernel is rid by then.
  void end();

 private:
  explicit RemovalWatch(UniqueFd fd) : fd_(std::move(fd)) {}

  UniqueFd fd_;
  std::vector<int> marks_;
};

}  // namespace berth::os
