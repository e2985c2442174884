// Followers: pipes to which lines are written as they come: what a unit says (`berthctl logs -f`),
// changes of state (`berthctl events`).
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "init/os/event_loop.h"

namespace berth {

/// How many there are at most of a kind, for all units.
inline constexpr std::size_t kMaxFollowers = 64;

/// A follower that does not read loses lines and is told how many; one that has gone is dropped at
/// once.
class Followers {
 public:
  /// The line, without a newline, that stands for so many lost ones.
  using LossWords = std::function<std::string(std::uint64_t count)>;

  Followers(os::EventLoop& loop, LossWords loss_words);
  ~Followers();
  Followers(const Followers&) = delete;
  Followers& operator=(const Followers&) = delete;

  /// Takes the write end of a pipe. Anything else, and one too many, is closed: its reader sees the
  /// end at once.
  void add(const std::string& unit, os::UniqueFd pipe);
  /// Writes the line to those who follow `unit`.
  void tell(std::string_view unit, std::string_view line);
  std::size_t count() const { return followers_.size(); }

 private:
  class Follower;
  void drop(const Follower& follower);

  os::EventLoop& loop_;
  LossWords loss_words_;
  std::vector<std::unique_ptr<Follower>> followers_;
};

/// The LossWords of a log.
std::string lines_lost(std::uint64_t count);

}  // namespace berth
