// Pipes to which lines are written as they come.
#include "init/followers.h"

#include <algorithm>
#include <cstdint>
#include <utility>

#include "init/os/stream.h"

namespace berth {

/// One pipe. Holds the rest of at most one line, which the pipe has taken in part.
class Followers::Follower final : public os::FdHandler, public os::Deferred {
 public:
  Follower(os::EventLoop& loop, Followers& owner, std::string unit, os::UniqueFd pipe)
      : loop_(loop), owner_(owner), unit_(std::move(unit)), pipe_(std::move(pipe)) {}
  ~Follower() override { leave(); }
  Follower(const Follower&) = delete;
  Follower& operator=(const Follower&) = delete;

  const std::string& unit() const { return unit_; }
  /// Without readable and writable only the end of the reader is told.
  bool watch() { return loop_.watch(pipe_.borrow(), false, false, *this); }
  void leave() { loop_.unwatch(pipe_.borrow()); }

  /// Returns false if nobody reads any more.
  bool tell(std::string_view line) {
    if (!write_rest())
      return false;
    if (!rest_.empty()) {
      ++lost_;
      return true;
    }
    if (lost_ > 0)
      rest_ = owner_.loss_words_(std::exchange(lost_, 0)) + '\n';
    rest_ += line;
    rest_ += '\n';
    return write_rest();
  }

  void on_events(os::Events events) noexcept override {
    if (events.error || !write_rest())
      owner_.drop(*this);
  }

 private:
  bool write_rest() {
    while (!rest_.empty()) {
      const os::Transfer result = os::write_some(pipe_.borrow(), rest_);
      if (result.state == os::TransferState::would_block)
        break;
      if (result.state != os::TransferState::done)
        return false;
      rest_.erase(0, result.size);
    }
    if (rest_.empty())
      rest_ = std::string();
    loop_.rewatch(pipe_.borrow(), false, !rest_.empty());
    return true;
  }

  os::EventLoop& loop_;
  Followers& owner_;  ///< may be gone when this is destroyed: defer_delete()
  std::string unit_;
  os::UniqueFd pipe_;
  std::string rest_;
  std::uint64_t lost_ = 0;
};

Followers::Followers(os::EventLoop& loop, LossWords loss_words)
    : loop_(loop), loss_words_(std::move(loss_words)) {}

Followers::~Followers() = default;

std::string lines_lost(std::uint64_t count) {
  return std::to_string(count) + " lines lost: the reader is slow";
}

void Followers::add(const std::string& unit, os::UniqueFd pipe) {
  if (followers_.size() >= kMaxFollowers || !os::is_pipe(pipe.borrow()))
    return;
  // Who gave us the pipe shares its description and could make it block again: a description of
  // our own is safe from that. It cannot be had for a pipe of another user without the capability.
  if (auto own = os::reopen_for_writing(pipe.borrow()))
    pipe = *std::move(own);
  else if (!os::make_nonblocking(pipe.borrow()))
    return;
  auto follower = std::make_unique<Follower>(loop_, *this, unit, std::move(pipe));
  if (follower->watch())
    followers_.push_back(std::move(follower));
}

void Followers::tell(std::string_view unit, std::string_view line) {
  for (std::size_t i = followers_.size(); i-- > 0;) {
    Follower& follower = *followers_[i];
    if (follower.unit() == unit && !follower.tell(line))
      drop(follower);
  }
}

void Followers::drop(const Follower& follower) {
  const auto found = std::find_if(followers_.begin(), followers_.end(),
                                  [&](const auto& each) { return each.get() == &follower; });
  (*found)->leave();
  // It may be in its own callback.
  loop_.defer_delete(std::move(*found));
  followers_.erase(found);
}

}  // namespace berth
