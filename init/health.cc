// Health probes and watchdogs.
#include "init/health.h"

#include <utility>

namespace berth {

HealthProbe::HealthProbe(os::EventLoop& loop, const HealthCheck& check, const Address& endpoint,
                         CommandRunner runner, Told told)
    : loop_(loop),
      interval_(check.interval),
      limit_(check.timeout),
      probe_(loop, check, endpoint, std::move(runner)),
      told_(std::move(told)) {
  wait();
}

void HealthProbe::wait() {
  next_ = loop_.after(interval_, [this] { ask(); });
}

void HealthProbe::ask() {
  next_ = os::kNoTimer;
  probe_.ask(limit_, [this](bool yes, const std::string& answer) { on_answer(yes, answer); });
}

void HealthProbe::on_answer(bool yes, const std::string& answer) {
  const bool is_news = !yes || in_a_row_ > 0;
  in_a_row_ = yes ? 0 : in_a_row_ + 1;
  wait();
  if (!is_news)
    return;
  const auto told = told_;  // it may destroy this object
  told(in_a_row_, answer);
}

Watchdog::Watchdog(os::EventLoop& loop, Milliseconds interval, std::function<void()> missed)
    : loop_(loop), interval_(interval), missed_(std::move(missed)) {
  alive();
  look();
}

void Watchdog::alive() {
  due_ = loop_.now() + interval_;
}

void Watchdog::set_interval(Milliseconds interval) {
  interval_ = interval;
  alive();
  loop_.disarm(timer_);
  look();
}

void Watchdog::look() {
  timer_ = os::kNoTimer;
  if (loop_.now() >= due_) {
    const auto missed = missed_;  // it may destroy this object
    return missed();
  }
  // A sign only moves `due_`: however many there are, the timer is set once an interval.
  timer_ = loop_.at(due_, [this] { look(); });
}

}  // namespace berth
