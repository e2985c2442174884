// TimerWheel: the deadlines of many connections, coarse, without allocating and without searching.
//
// A node waits in the slot of the tick at which it may be due. Moving a deadline further away,
// which is what nearly every event on a connection does, only stores the new tick: the node is
// found too early in its old slot and is moved on then.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>

#include "init/os/clock.h"

namespace berth::proxy {

class TimerWheel;

/// Derive from it, or use MemberTimer. Unlinks itself when it dies.
class TimerNode {
 public:
  TimerNode() = default;
  TimerNode(const TimerNode&) = delete;
  TimerNode& operator=(const TimerNode&) = delete;
  virtual ~TimerNode() { unlink(); }
  /// Called once, at or after the deadline; the node is free to be armed again.
  virtual void on_timer() noexcept = 0;
  bool is_armed() const { return next_ != nullptr; }

 protected:
  void unlink() noexcept;

 private:
  friend class TimerWheel;
  TimerNode* prev_ = nullptr;
  TimerNode* next_ = nullptr;  ///< nullptr = not armed
  std::uint32_t due_ = 0;      ///< the tick of the deadline
  std::uint32_t slot_ = 0;     ///< the tick whose slot it waits in, never after `due_`
};

/// A timer that calls a member function of its owner.
template <class Owner, void (Owner::*member)() noexcept>
class MemberTimer final : public TimerNode {
 public:
  explicit MemberTimer(Owner& owner) : owner_(owner) {}
  void on_timer() noexcept override { (owner_.*member)(); }

 private:
  Owner& owner_;
};

class TimerWheel {
 public:
  /// A deadline is met up to this much late.
  static constexpr std::chrono::milliseconds kTick{50};

  explicit TimerWheel(os::TimePoint start);
  TimerWheel(const TimerWheel&) = delete;
  TimerWheel& operator=(const TimerWheel&) = delete;

  void arm(TimerNode& node, os::TimePoint when);
  void disarm(TimerNode& node) { node.unlink(); }
  /// Calls what is due. A callback may arm, disarm and destroy any node.
  void advance(os::TimePoint now);
  /// When advance() has to be called next; nothing if no node is armed. May be too early.
  std::optional<os::TimePoint> next_due() const;

 private:
  static constexpr std::uint32_t kSlots = 256;  // 13 s; what is further away goes round again

  /// The head of a slot's ring.
  class Ring final : public TimerNode {
   public:
    void on_timer() noexcept override {}
  };

  std::uint32_t tick_of(os::TimePoint when) const;
  void link(TimerNode& node);
  static void insert(TimerNode& ring, TimerNode& node);
  void move_ring(std::uint32_t slot, TimerNode& to);
  void find_earliest();

  os::TimePoint start_;
  std::uint32_t current_ = 0;  ///< every slot up to this tick has been looked at
  std::uint32_t earliest_;     ///< no slot before this tick holds a node
  std::array<Ring, kSlots> slots_;
};

}  // namespace berth::proxy
