// One unit's lease and its waiting room.
#include "proxy/lease.h"

#include <algorithm>
#include <chrono>

#include "proxy/diagnostics.h"

namespace berth::proxy {
namespace {

/// How often a unit that is up but takes no connection is tried again.
constexpr Milliseconds kRetryDelay{100};
/// PID 1 is told at most this often.
constexpr Milliseconds kComplaintPause{1000};

}  // namespace

Lease::Lease(const UpstreamHost& host, ControlSender& control, LeaseBoard& board,
             berth::Backend config)
    : host_(host),
      control_(control),
      board_(board),
      config_(std::move(config)),
      idle_connections_(host) {}

Lease::~Lease() {
  std::erase(board_.freed, this);
}

void Lease::configure(const berth::Backend& config) {
  config_ = config;
  configured_ = true;
  host_.wheel.disarm(idle_timer_);
  if (!waiting_.empty())
    board_.freed.push_back(this);
  rest_if_unused();
}

void Lease::release() {
  configured_ = false;
  board_.needs_tending = true;
  rest_if_unused();
}

bool Lease::is_unused() const {
  return !configured_ && waiting_.empty() && users_.empty() &&
         (state_ == State::none || state_ == State::cooling);
}

Milliseconds Lease::retry_after() const {
  return std::max(Milliseconds(0),
                  std::chrono::ceil<Milliseconds>(refused_until_ - host_.loop.now()));
}

Milliseconds Lease::idle_for() const {
  return in_flight_ > 0 ? Milliseconds(0)
                        : std::chrono::floor<Milliseconds>(host_.loop.now() - last_use_);
}

void Lease::ask() {
  state_ = State::asked;
  control_.send(control::Acquire{config_.unit});
}

Lease::Admission Lease::admit(LeaseUser& user) {
  user.lease_ = this;
  // Where the number is limited nobody overtakes those who wait.
  const bool in_turn = config_.max_requests == 0 || waiting_.empty();
  if (state_ == State::held && !retry_timer_.is_armed() && in_turn && has_room()) {
    count_in(user);
    return Admission::in_flight;
  }
  if (state_ == State::cooling) {
    if (host_.loop.now() < refused_until_)
      return Admission::refused;
    state_ = State::none;
  }
  if (waiting_count_ >= config_.queue)
    return Admission::full;
  user.stage_ = LeaseUser::Stage::waiting;
  ++waiting_count_;
  waiting_.push_back(user);
  if (state_ == State::none)
    ask();
  return Admission::waiting;
}

void Lease::count_in(LeaseUser& user) {
  user.stage_ = LeaseUser::Stage::in_flight;
  user.epoch_ = epoch_;
  user.counted_ = true;
  users_.push_back(user);
  ++in_flight_;
  ++requests_in_flight_;
  usage_changed_ = board_.needs_tending = true;
  host_.wheel.disarm(idle_timer_);
}

void Lease::leave(LeaseUser& user) {
  const LeaseUser::Stage stage = std::exchange(user.stage_, LeaseUser::Stage::outside);
  user.lease_ = nullptr;
  if (stage == LeaseUser::Stage::outside)
    return;
  user.unlink();
  if (stage == LeaseUser::Stage::waiting) {
    --waiting_count_;
    rest_if_unused();
    return;
  }
  if (is_current(user) && !user.is_tunnel_)
    free_room();
  if (is_current(user) && user.counted_)
    count_out();
  left_life(user.epoch_);
}

void Lease::free_room() {
  --requests_in_flight_;
  // Not at once: whoever leaves is in the middle of something.
  if (!waiting_.empty())
    board_.freed.push_back(this);
}

void Lease::grant_free() {
  // Who fails at once comes back to the end of the line, so it is gone through once.
  for (std::uint32_t left = waiting_count_; left > 0; --left) {
    if (state_ != State::held || waiting_.empty() || !has_room())
      break;
    LeaseUser& user = waiting_.front();
    --waiting_count_;
    count_in(user);
    user.on_granted();
  }
  rest_if_unused();
}

void Lease::left_life(std::uint64_t epoch) {
  if (epoch != ending_epoch_ || --ending_users_ > 0)
    return;
  host_.wheel.disarm(ending_timer_);
  ending_epoch_ = 0;
  control_.send(control::Returned{config_.unit, epoch, Milliseconds(0), ending_requests_});
}

void Lease::hand_over(LeaseUser& from, LeaseUser& to) {
  to.lease_ = this;
  to.epoch_ = from.epoch_;
  to.stage_ = LeaseUser::Stage::in_flight;
  to.counted_ = true;
  to.is_tunnel_ = true;
  users_.push_back(to);
  from.stage_ = LeaseUser::Stage::outside;
  from.lease_ = nullptr;
  from.unlink();
  if (is_current(to))
    free_room();
  if (config_.count_websockets)
    return;
  // It lives on without counting: as if it had left.
  if (is_current(to))
    count_out();
  to.counted_ = false;
}

void Lease::count_out() {
  --in_flight_;
  ++requests_;
  usage_changed_ = true;
  board_.needs_tending = true;
  last_use_ = host_.loop.now();
  rest_if_unused();
}

void Lease::rest_if_unused() {
  if (state_ != State::held || in_flight_ > 0 || !waiting_.empty())
    return;
  if (!configured_)
    give_back();
  else if (config_.idle_timeout.count() > 0)
    host_.wheel.arm(idle_timer_, last_use_ + config_.idle_timeout);
}

void Lease::wait_again(LeaseUser& user) {
  if (is_current(user)) {
    --in_flight_;
    --requests_in_flight_;
  }
  if (is_current(user) && host_.loop.now() - last_complaint_ >= kComplaintPause) {
    last_complaint_ = host_.loop.now();
    control_.send(control::Unreachable{config_.unit, epoch_});
  }
  user.stage_ = LeaseUser::Stage::waiting;
  ++waiting_count_;
  waiting_.push_back(user);
  left_life(user.epoch_);
  if (state_ == State::held)
    host_.wheel.arm(retry_timer_, host_.loop.now() + kRetryDelay);
  else if (state_ == State::none)
    ask();
}

void Lease::retry() noexcept {
  if (state_ == State::held)
    grant_free();
}

void Lease::on_message(const control::Granted& message) {
  if (state_ == State::held && message.epoch == epoch_)
    return;
  state_ = State::held;
  epoch_ = message.epoch;
  endpoint_ = message.endpoint;
  endpoint_text_ = format_address(endpoint_);
  in_flight_ = requests_in_flight_ = 0;
  requests_ = 0;
  last_use_ = host_.loop.now();
  last_complaint_ = os::TimePoint();
  idle_connections_.clear();
  host_.wheel.disarm(retry_timer_);
  grant_free();
}

void Lease::on_message(const control::Refused& message) {
  // A lease that is held is not taken back by this: that is what Ending is for.
  if (state_ == State::held)
    return;
  report(config_.unit + ": " + message.reason);
  state_ = State::cooling;
  refused_until_ = host_.loop.now() + message.retry_after;
  refuse_waiting(message.retry_after);
}

void Lease::refuse_waiting(Milliseconds retry_after) {
  IntrusiveList<LeaseUser> unlucky;
  unlucky.take_all(waiting_);
  while (!unlucky.empty()) {
    LeaseUser& user = unlucky.front();
    leave(user);
    user.on_refused(retry_after);
  }
}

void Lease::on_message(const control::Ending& message) {
  if (state_ != State::held || message.epoch != epoch_)
    return;
  state_ = State::none;
  board_.needs_tending = true;
  in_flight_ = requests_in_flight_ = 0;
  idle_connections_.clear();
  host_.wheel.disarm(idle_timer_);
  host_.wheel.disarm(retry_timer_);
  if (!waiting_.empty())
    ask();
  if (message.grace.count() == 0)
    return cut_ended();
  // One more than there are, for ourselves: the answer goes out even if nobody is left.
  ending_epoch_ = message.epoch;
  ending_requests_ = requests_;
  ending_users_ = 1;
  host_.wheel.arm(ending_timer_, host_.loop.now() + message.grace);
  for_each_user([this](LeaseUser& user) {
    if (user.epoch_ != ending_epoch_)
      return;
    ++ending_users_;
    if (user.is_tunnel_)
      user.on_cut(true);  // it would never end by itself
  });
  left_life(message.epoch);
}

template <class Visit>
void Lease::for_each_user(Visit visit) {
  IntrusiveList<LeaseUser> all;
  all.take_all(users_);
  while (!all.empty()) {
    LeaseUser& user = all.front();
    users_.push_back(user);
    visit(user);
  }
}

void Lease::cut_tunnels() {
  for_each_user([](LeaseUser& user) {
    if (user.is_tunnel_)
      user.on_cut(true);
  });
}

void Lease::cut_ended() noexcept {
  for_each_user([this](LeaseUser& user) {
    if (!is_current(user))
      user.on_cut(true);
  });
}

void Lease::on_message(const control::Revoke& message) {
  if (state_ != State::held || message.epoch != epoch_)
    return;
  if (in_flight_ > 0 || !waiting_.empty())
    control_.send(control::Busy{config_.unit, epoch_});
  else
    give_back();
}

void Lease::give_back_if_unused() noexcept {
  if (state_ == State::held && in_flight_ == 0 && waiting_.empty())
    give_back();
}

void Lease::give_back() {
  const control::Returned message{config_.unit, epoch_, idle_for(), requests_};
  state_ = State::none;
  in_flight_ = requests_in_flight_ = 0;
  usage_changed_ = false;
  board_.needs_tending = true;
  idle_connections_.clear();
  host_.wheel.disarm(idle_timer_);
  host_.wheel.disarm(retry_timer_);
  // What is left in flight are tunnels that do not count; they end before the lease does.
  cut_ended();
  control_.send(message);
}

void Lease::send_usage() {
  if (!usage_changed_ || state_ != State::held)
    return;
  usage_changed_ = false;
  control_.send(control::Usage{config_.unit, epoch_, in_flight_, requests_, idle_for()});
}

}  // namespace berth::proxy
