// The table of leases.
#include "proxy/leases.h"

namespace berth::proxy {

Lease* Leases::find(std::string_view unit) const {
  const auto found = leases_.find(unit);
  return found == leases_.end() ? nullptr : found->second.get();
}

std::vector<Lease*> Leases::configure(const std::vector<berth::Backend>& backends) {
  std::unordered_map<std::string_view, const berth::Backend*> wanted;
  for (const berth::Backend& backend : backends)
    wanted.emplace(backend.unit, &backend);
  for (const auto& [unit, lease] : leases_) {
    if (!wanted.contains(unit))
      lease->release();
  }
  std::vector<Lease*> ordered;
  ordered.reserve(backends.size());
  for (const berth::Backend& backend : backends) {
    Lease* lease = find(backend.unit);
    if (lease != nullptr) {
      lease->configure(backend);
    } else {
      auto made = std::make_unique<Lease>(host_, backend.is_target() ? targets_ : control_, board_,
                                          backend);
      lease = made.get();
      leases_.emplace(lease->unit(), std::move(made));
    }
    ordered.push_back(lease);
  }
  return ordered;
}

void Leases::on_message(const control::Granted& message) {
  if (Lease* lease = find(message.unit))
    lease->on_message(message);
  else
    control_.send(control::Returned{message.unit, message.epoch, Milliseconds(0), 0});
}

void Leases::refuse_waiting(Milliseconds retry_after) {
  for (const auto& [unit, lease] : leases_)
    lease->refuse_waiting(retry_after);
}

void Leases::cut_tunnels() {
  for (const auto& [unit, lease] : leases_)
    lease->cut_tunnels();
}

void Leases::give_back_unused() {
  for (const auto& [unit, lease] : leases_)
    lease->give_back_if_unused();
}

void Leases::grant_free() {
  while (!board_.freed.empty()) {
    Lease* lease = board_.freed.back();
    board_.freed.pop_back();
    lease->grant_free();
  }
}

std::uint64_t Leases::waiting() const {
  std::uint64_t all = 0;
  for (const auto& [unit, lease] : leases_)
    all += lease->waiting();
  return all;
}

void Leases::tend() {
  board_.needs_tending = false;
  for (auto each = leases_.begin(); each != leases_.end();) {
    each->second->send_usage();
    if (each->second->is_unused())
      each = leases_.erase(each);
    else
      ++each;
  }
}

}  // namespace berth::proxy
