// Two messengers of one end.
#include "init/adopted_main.h"

#include <utility>

namespace berth {
namespace {

/// If it is our child its SIGCHLD comes with the event of its pidfd, or right after it.
constexpr std::chrono::milliseconds kReapedWithin{50};

}  // namespace

AdoptedMain::AdoptedMain(os::EventLoop& loop, Reaper& reaper, pid_t pid, os::BorrowedFd pidfd,
                         std::function<void(std::optional<os::ExitStatus>)> ended)
    : loop_(loop), reaper_(reaper), pid_(pid), pidfd_(pidfd), ended_(std::move(ended)) {
  reaper_.expect(pid_, [this](const os::ExitStatus& status) { tell(status); });
  if (pidfd_.is_open())
    loop_.watch(pidfd_, true, false, *this);
}

AdoptedMain::~AdoptedMain() {
  leave();
}

void AdoptedMain::on_events(os::Events) {
  loop_.unwatch(pidfd_);
  given_up_ = loop_.after(kReapedWithin, [this] {
    given_up_ = os::kNoTimer;
    tell(std::nullopt);
  });
}

void AdoptedMain::leave() {
  reaper_.forget(pid_);
  loop_.unwatch(pidfd_);
  loop_.disarm(given_up_);
}

void AdoptedMain::tell(std::optional<os::ExitStatus> status) {
  leave();
  const auto ended = std::move(ended_);  // it may destroy this object
  ended(status);
}

}  // namespace berth
