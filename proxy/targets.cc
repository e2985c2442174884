// Addresses of targets, and when they are looked up.
#include "proxy/targets.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <utility>

#include "init/os/host_lookup.h"

namespace berth::proxy {
namespace {

/// Name services give no time to live; this is what most of them think right for a name that may
/// move.
constexpr std::chrono::seconds kFresh{30};
/// How long nobody asks again for a target that could not be had.
constexpr Milliseconds kPause{1'000};
/// Of servers that no table names. Each may need a process that looks its name up.
constexpr std::ptrdiff_t kMaxPassing = 16;
/// Requests in flight on an address that takes no new connections are left alone.
constexpr Milliseconds kLongEnough{24 * 3'600'000};

}  // namespace

Targets::Targets(os::EventLoop& loop, std::function<void(const Answer&)> answer)
    : loop_(loop), answer_(std::move(answer)) {}

Targets::~Targets() {
  loop_.disarm(delivery_);
  for (auto& [name, target] : targets_)
    loop_.disarm(target.refresh);
}

void Targets::configure(const std::vector<berth::Backend>& backends) {
  for (auto& [name, target] : targets_)
    target.is_named = false;
  for (const berth::Backend& backend : backends) {
    if (!backend.is_target())
      continue;
    Target& target = targets_[backend.unit];
    target.host = backend.target_host;
    target.port = backend.target_port;
    target.is_named = true;
  }
  forget();
}

void Targets::forget() {
  std::erase_if(targets_, [](const auto& entry) {
    const Target& target = entry.second;
    return !target.is_named && !target.is_held && !target.is_wanted && target.lookup == nullptr;
  });
}

void Targets::acquire_passing(const std::string& name) {
  forget();
  const auto passing = std::count_if(targets_.begin(), targets_.end(),
                                     [](const auto& entry) { return !entry.second.is_named; });
  const std::size_t colon = name.rfind(':');
  std::uint16_t port = 0;
  const char* end = name.data() + name.size();
  const bool has_port =
      colon != std::string::npos && std::from_chars(name.data() + colon + 1, end, port).ptr == end;
  if (!has_port || passing >= kMaxPassing)
    return post(control::Refused{name, kPause, "too many other servers are asked for"});
  Target& target = targets_[name];
  target.host = name.substr(0, colon);
  target.port = port;
  acquire(name, target);
}

void Targets::post(Answer answer) {
  posted_.push_back(std::move(answer));
  if (delivery_ != os::kNoTimer)
    return;
  delivery_ = loop_.at(loop_.now(), [this] {
    delivery_ = os::kNoTimer;
    for (std::size_t left = posted_.size(); left > 0; --left) {
      const Answer each = std::move(posted_.front());
      posted_.pop_front();
      answer_(each);
    }
  });
}

void Targets::send(const control::FromProxy& message) {
  const auto of = [this](const std::string& name) { return targets_.find(name); };
  if (const auto* acquired = std::get_if<control::Acquire>(&message)) {
    if (const auto found = of(acquired->unit); found != targets_.end())
      acquire(found->first, found->second);
    else
      acquire_passing(acquired->unit);
  } else if (const auto* unreachable = std::get_if<control::Unreachable>(&message)) {
    const auto found = of(unreachable->unit);
    if (found != targets_.end() && found->second.epoch == unreachable->epoch)
      next_address(found->first, found->second);
  } else if (const auto* returned = std::get_if<control::Returned>(&message)) {
    const auto found = of(returned->unit);
    if (found == targets_.end() || found->second.epoch != returned->epoch)
      return;
    found->second.is_held = false;
    loop_.disarm(found->second.refresh);
  }
}

void Targets::acquire(const std::string& name, Target& target) {
  target.is_wanted = true;
  if (target.lookup != nullptr)
    return;
  if (std::exchange(target.failed, false)) {
    target.is_wanted = false;
    target.looked_up = os::TimePoint();  // it may have moved
    return post(control::Refused{name, kPause, "it takes no connection"});
  }
  if (os::is_numeric_host(target.host)) {
    Address address;
    address.host = target.host;
    address.port = target.port;
    target.addresses.assign(1, std::move(address));
    target.used = 0;
    return grant(name, target);
  }
  if (!target.addresses.empty() && target.looked_up != os::TimePoint() &&
      loop_.now() - target.looked_up < kFresh)
    return grant(name, target);
  look_up(name, target);
}

void Targets::grant(const std::string& name, Target& target) {
  target.is_wanted = false;
  target.is_held = true;
  target.epoch = next_epoch_++;
  post(control::Granted{name, target.epoch, target.addresses[target.used]});
  refresh_later(name, target);
}

void Targets::next_address(const std::string& name, Target& target) {
  if (++target.used < target.addresses.size())
    return grant(name, target);
  target.used = 0;
  target.failed = true;
  target.is_held = false;
  loop_.disarm(target.refresh);
  // Those who wait ask again, and are told.
  post(control::Ending{name, target.epoch, kLongEnough});
}

void Targets::look_up(const std::string& name, Target& target) {
  target.lookup = std::make_unique<HostLookup>(
      loop_, target.host, target.port,
      [this, name](Result<std::vector<Address>> found) { looked_up(name, std::move(found)); });
}

void Targets::looked_up(const std::string& name, Result<std::vector<Address>> addresses) {
  Target& target = targets_.find(name)->second;
  target.lookup.reset();
  if (!addresses && target.is_wanted) {
    target.is_wanted = false;
    return post(control::Refused{name, kPause, addresses.error().message});
  }
  if (!addresses)
    return refresh_later(name, target);  // the old ones are better than none
  const Address current =
      target.used < target.addresses.size() ? target.addresses[target.used] : Address();
  target.addresses = *std::move(addresses);
  target.looked_up = loop_.now();
  const auto same = std::find(target.addresses.begin(), target.addresses.end(), current);
  const bool stays = target.is_held && same != target.addresses.end();
  target.used = stays ? static_cast<std::size_t>(same - target.addresses.begin()) : 0;
  if (stays)
    refresh_later(name, target);
  else if (target.is_wanted || target.is_held)
    grant(name, target);
}

void Targets::refresh_later(const std::string& name, Target& target) {
  loop_.disarm(target.refresh);
  if (os::is_numeric_host(target.host))
    return;
  target.refresh = loop_.after(kFresh, [this, name] {
    Target& due = targets_.find(name)->second;
    due.refresh = os::kNoTimer;
    if (due.is_held && due.lookup == nullptr)
      look_up(name, due);
  });
}

}  // namespace berth::proxy
