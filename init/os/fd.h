// UniqueFd owns a file descriptor, BorrowedFd is passed around; outside init/os no descriptor is a
// plain int.
#pragma once

#include <utility>

namespace berth::os {

/// Somebody else's descriptor, valid as long as that owner keeps it. -1 = none.
class BorrowedFd {
 public:
  BorrowedFd() = default;
  explicit BorrowedFd(int fd) : fd_(fd) {}
  bool is_open() const { return fd_ >= 0; }
  explicit operator bool() const = delete;  // fd 0 is a valid descriptor
  /// For system calls and for libraries that take an int.
  int raw() const { return fd_; }
  bool operator==(const BorrowedFd&) const = default;

 private:
  int fd_ = -1;
};

/// Owns a descriptor and closes it. Never wrap 0, 1 or 2 only to write to them: they would be
/// closed.
class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept;
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  bool is_open() const { return fd_ >= 0; }
  explicit operator bool() const = delete;
  BorrowedFd borrow() const { return BorrowedFd(fd_); }
  int raw() const { return fd_; }
  /// Closes it; close(2) is not retried on EINTR, since Linux has closed it by then.
  void reset() noexcept;
  /// Hands the ownership to a library that closes it itself.
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }

 private:
  int fd_ = -1;
};

}  // namespace berth::os
