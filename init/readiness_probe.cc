// When to look.
#include "init/readiness_probe.h"

#include <algorithm>
#include <chrono>
#include <utility>

namespace berth {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kLastPause{500};

/// A look costs some 20 us: one in 2 ms for the first quarter of a second is not felt, and whoever
/// waits for a quick unit does not wait for us. Later a pause is this part of the time that has
/// gone by: a unit is noticed at most 1 % later than it could be, and a slow one costs a few
/// hundred looks.
constexpr milliseconds kFirstPause{2};
constexpr int kPausePart = 128;
/// A command costs a process.
constexpr milliseconds kFirstCommandPause{10};
constexpr int kCommandPausePart = 8;

/// The shortest limits of one look.
constexpr milliseconds kLookLimit{1000};
constexpr milliseconds kCommandLimit{10'000};

}  // namespace

ReadinessProbe::ReadinessProbe(os::EventLoop& loop, const ReadyCheck& check,
                               const Address& endpoint, CommandRunner runner,
                               std::function<void()> ready)
    : loop_(loop),
      interval_(check.interval),
      is_command_(check.way == ProbeSpec::Way::command),
      probe_(loop, check, endpoint, std::move(runner)),
      ready_(std::move(ready)),
      began_(loop.now()) {
  next_look_ = loop_.after(nanoseconds(0), [this] { look(); });
}

void ReadinessProbe::look() {
  next_look_ = os::kNoTimer;
  look_began_ = loop_.now();
  probe_.ask(std::max(interval_, is_command_ ? kCommandLimit : kLookLimit),
             [this](bool yes, std::string answer) { on_answer(yes, std::move(answer)); });
}

void ReadinessProbe::on_answer(bool yes, std::string answer) {
  answer_ = std::move(answer);
  if (yes) {
    const auto ready = std::move(ready_);  // it may destroy this object
    return ready();
  }
  next_look_ = loop_.after(pause(), [this] { look(); });
}

nanoseconds ReadinessProbe::pause() const {
  if (interval_.count() > 0)
    return interval_;
  const nanoseconds gone_by = loop_.now() - began_;
  if (!is_command_)
    return std::clamp<nanoseconds>(gone_by / kPausePart, kFirstPause, kLastPause);
  // Never more than half of a processor for asking.
  const nanoseconds took = loop_.now() - look_began_;
  const nanoseconds pause =
      std::clamp<nanoseconds>(gone_by / kCommandPausePart, kFirstCommandPause, kLastPause);
  return std::max(pause, took);
}

}  // namespace berth
