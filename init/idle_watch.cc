// Looking at who is connected.
#include "init/idle_watch.h"

#include <algorithm>

#include "init/os/socket_diagnosis.h"

namespace berth {
namespace {

constexpr Milliseconds kLook{2'000};
constexpr Milliseconds kShortestLook{10};

bool is_up(const UnitRuntime& unit) {
  return unit.state == UnitState::running && !unit.stop_pending && !unit.life.stop_requested;
}

}  // namespace

IdleWatch::~IdleWatch() {
  for (auto& [name, book] : books_)
    loop_.cancel(book.look);
}

void IdleWatch::on_state(const UnitRuntime& unit) {
  const auto found = books_.find(unit.name());
  if (is_at_rest(unit.state) && found != books_.end()) {
    loop_.cancel(found->second.look);
    books_.erase(found);
  }
  const Milliseconds limit = unit.unit.service.idle_timeout;
  if (!is_up(unit) || limit.count() == 0)
    return;
  Book& book = books_[unit.name()];
  if (book.look != os::kNoTimer)
    return;
  book.last_use = loop_.now();
  look_after(unit.name(), book, limit);
}

void IdleWatch::replace_when_idle(const UnitRuntime& unit) {
  Book& book = books_[unit.name()];
  book.replace = true;
  look_after(unit.name(), book, Milliseconds(0));
}

void IdleWatch::look_after(const std::string& name, Book& book, Milliseconds time) {
  loop_.cancel(book.look);
  book.look = loop_.after(std::clamp(time, kShortestLook, kLook), [this, name] { look(name); });
}

void IdleWatch::look(const std::string& name) {
  Book& book = books_[name];
  book.look = os::kNoTimer;
  UnitRuntime* unit = table_.find(name);
  if (unit == nullptr)
    books_.erase(name);
  else if (is_up(*unit))
    act(*unit, book, use_of(*unit, book));
  else if (book.replace && !is_at_rest(unit->state))
    look_after(name, book, kLook);  // it starts, or starts again, and may be in use then
}

void IdleWatch::act(UnitRuntime& unit, Book& book, Use use) {
  const std::string name = unit.name();
  if (use == Use::unknown)
    return logs_.unit_line(name, LogLevel::warning,
                           "this kernel does not tell who is connected (sock_diag): it counts as "
                           "in use until it is stopped");
  book.replace = book.replace && unit.changed != nullptr;
  if (use == Use::some)
    book.last_use = loop_.now();
  else if (book.replace) {
    book.replace = false;
    logs_.unit_line(name, LogLevel::info, "nobody uses it: restarts as what it is now");
    if (const auto restarted = manager_.restart(unit); !restarted)
      logs_.unit_line(name, LogLevel::error, restarted.error().message);
    return;
  }
  const Milliseconds limit = unit.unit.service.idle_timeout;
  const bool stays = limit.count() == 0 || unit.pinned || is_needed(unit);
  const auto left = limit - std::chrono::floor<Milliseconds>(loop_.now() - book.last_use);
  if (!stays && left.count() <= 0)
    return manager_.want_down(unit, "idle for " + format_duration(limit));
  if (limit.count() != 0 || book.replace)
    look_after(name, book, stays ? kLook : left);
}

IdleWatch::Use IdleWatch::use_of(const UnitRuntime& unit, Book& book) const {
  if (leases_.usage_of(unit).in_flight != 0)
    return Use::some;
  std::vector<Address> places;
  for (const ListenSocket& socket : unit.unit.service.listen)
    places.push_back(socket.address);
  if (places.empty() && unit.unit.service.address)
    places.push_back(*unit.unit.service.address);
  for (const Address& place : places) {
    const auto use = os::diagnose_use(place);
    if (!use)
      return Use::unknown;
    if (use->connected)
      return Use::some;
    if (use->ended_ago)
      book.last_use = std::max(book.last_use, loop_.now() - *use->ended_ago);
  }
  return Use::none;
}

bool IdleWatch::is_idle(const UnitRuntime& unit) const {
  Book unused;
  return use_of(unit, unused) == Use::none;
}

bool IdleWatch::is_needed(const UnitRuntime& unit) const {
  const auto names = manager_.order().brought_down_by(unit.name());
  return std::any_of(names.begin(), names.end(), [this](std::string_view name) {
    const UnitRuntime* other = table_.find(name);
    return other != nullptr && other->is_alive_or_wanted();
  });
}

}  // namespace berth
