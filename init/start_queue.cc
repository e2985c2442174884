// The part of Leases that decides which tenant starts next, and which one makes room for it.
#include <algorithm>

#include "init/leases.h"

namespace berth {
namespace {

constexpr std::chrono::seconds kRevokeLimit{1};
constexpr std::chrono::milliseconds kRoomRetry{250};

/// On its way up; one that was asked for in this very turn may still be at rest.
bool is_booting(const UnitRuntime& unit) {
  return unit.wanted_up && unit.state != UnitState::running;
}

bool takes_room(const UnitRuntime& unit) {
  return unit.wanted_up || !is_at_rest(unit.state);
}

}  // namespace

void Leases::set_limits(std::uint32_t max_running, std::uint32_t max_starting) {
  max_running_ = max_running;
  max_starting_ = max_starting != 0 ? max_starting : std::max(2U, settings_.cpus);
  pump();
}

void Leases::enqueue(UnitRuntime& unit) {
  if (is_booting(unit) || std::find(queue_.begin(), queue_.end(), unit.name()) != queue_.end())
    return;
  queue_.push_back(unit.name());
  pump();
}

bool Leases::may_start(const UnitRuntime& unit) const {
  std::uint32_t all = 0;
  std::uint32_t siblings = 0;
  for (const auto& [name, other] : table_.all()) {
    if (!other->is_tenant() || !is_booting(*other))
      continue;
    ++all;
    siblings += other->unit.name.template_name() == unit.unit.name.template_name() ? 1 : 0;
  }
  const std::uint32_t own_limit = unit.unit.tenant->max_starting;
  return all < max_starting_ && (own_limit == 0 || siblings < own_limit);
}

Leases::Room Leases::room_for(const UnitRuntime& unit) const {
  std::uint32_t all = 0;
  std::uint32_t siblings = 0;
  for (const auto& [name, other] : table_.all()) {
    if (!other->is_tenant() || !takes_room(*other) || other.get() == &unit)
      continue;
    ++all;
    siblings += other->unit.name.template_name() == unit.unit.name.template_name() ? 1 : 0;
  }
  const std::uint32_t own_limit = unit.unit.tenant->max_running;
  if (own_limit != 0 && siblings >= own_limit)
    return Room::template_full;
  return max_running_ != 0 && all >= max_running_ ? Room::all_full : Room::there;
}

void Leases::pump() {
  if (pumping_ || shutting_down_)
    return;
  pumping_ = true;
  for (std::size_t i = 0; i < queue_.size();) {
    UnitRuntime* unit = table_.find(queue_[i]);
    if (unit == nullptr || start_next(*unit))
      queue_.erase(queue_.begin() + static_cast<std::ptrdiff_t>(i));
    else
      ++i;  // a tenant of another template may still have its turn
  }
  pumping_ = false;
}

/// False if it has to wait on.
bool Leases::start_next(UnitRuntime& unit) {
  if (unit.removed) {
    refuse(unit.name(), kRoomRetry, "no such unit");
    return true;
  }
  if (!may_start(unit))
    return false;
  if (const Room room = room_for(unit); room != Room::there) {
    make_room(unit, room);
    return false;
  }
  bring_up(unit, kRoomRetry);
  return true;
}

UnitRuntime* Leases::least_recently_used(const UnitRuntime& for_unit, Room lacking) {
  UnitRuntime* best = nullptr;
  Milliseconds longest{-1};
  const bool only_siblings = lacking == Room::template_full;
  for (const auto& [name, other] : table_.all()) {
    if (!other->is_tenant() || other->state != UnitState::running || other->stop_pending ||
        other->pinned || other->life.stop_requested)
      continue;
    if (only_siblings && other->unit.name.template_name() != for_unit.unit.name.template_name())
      continue;
    const auto book = books_.find(name);
    if (book != books_.end() && book->second.busy_until > loop_.now())
      continue;
    const Usage usage = usage_of(*other);
    if (usage.in_flight == 0 && usage.idle_for > longest) {
      best = other.get();
      longest = usage.idle_for;
    }
  }
  return best;
}

void Leases::make_room(const UnitRuntime& unit, Room lacking) {
  const auto is_going = [](const auto& entry) {
    const UnitRuntime& other = *entry.second;
    return other.is_tenant() && (other.stop_pending || other.life.stop_requested) &&
           !is_at_rest(other.state);
  };
  if (std::any_of(table_.all().begin(), table_.all().end(), is_going))
    return;  // one is on its way out already, and its end pumps
  loop_.cancel(retry_room_);
  retry_room_ = loop_.after(kRoomRetry, [this] { pump(); });
  UnitRuntime* leaving = least_recently_used(unit, lacking);
  if (leaving == nullptr)
    return;
  Book& book = books_[leaving->name()];
  if (!book.evicted_for.empty())
    return;  // asked already
  if (book.holders.empty())
    return requests_.want_down(*leaving, "makes room for " + unit.name());
  revoke(*leaving);
  book.evicted_for = unit.name();
}

void Leases::revoke(const UnitRuntime& unit) {
  for (auto& [proxy, held] : books_[unit.name()].holders) {
    if (held.revoke != os::kNoTimer)
      continue;
    held.revoke = loop_.after(kRevokeLimit, [this, proxy = proxy, name = unit.name()] {
      books_[name].holders[proxy].revoke = os::kNoTimer;
      revoke_timed_out(proxy, name);
    });
    links_.send(proxy, unit.name(), control::Revoke{unit.name(), held.epoch});
  }
}

void Leases::vacate(UnitRuntime& unit, std::function<void()> then) {
  Book& book = books_[unit.name()];
  if (book.vacated)
    return;  // asked already
  if (book.holders.empty())
    return then();
  book.vacated = std::move(then);
  revoke(unit);
}

void Leases::stays_up(Book& book) {
  book.evicted_for.clear();
  book.vacated = nullptr;
}

}  // namespace berth
