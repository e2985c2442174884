// Granting and ending leases. Which tenant starts next, and which makes room, is in start_queue.cc.
#include "init/leases.h"

#include <algorithm>

#include "init/log.h"
#include "units/overloaded.h"

namespace berth {
namespace {

constexpr Milliseconds kRetryLater{5'000};
constexpr Milliseconds kRetrySoon{1'000};
constexpr int kUnansweredRevokes = 3;

bool is_serving(const UnitRuntime& unit) {
  return unit.state == UnitState::running && !unit.stop_pending && !unit.life.stop_requested;
}

}  // namespace

Leases::~Leases() {
  for (auto& [name, book] : books_) {
    loop_.cancel(book.idle);
    loop_.cancel(book.let_go_timer);
    for (auto& [proxy, holding] : book.holders)
      loop_.cancel(holding.revoke);
  }
  loop_.cancel(retry_room_);
}

void Leases::on_message(const std::string& proxy, const control::FromProxy& message) {
  std::visit(Overloaded{
                 [&](const control::Configured&) { configured_(proxy); },
                 [&](const control::Acquire& m) { acquire(proxy, m.unit); },
                 [&](const control::Returned& m) { returned(proxy, m); },
                 [&](const control::Busy& m) { busy(proxy, m); },
                 [&](const control::Unreachable& m) { unreachable(proxy, m); },
                 [&](const control::Usage& m) { used(proxy, m); },
                 [&](const control::WantFigures&) { links_.send_figures(proxy); },
                 [&](const control::Activity& m) { activity_(proxy, m); },
             },
             message);
}

void Leases::acquire(const std::string& proxy, const std::string& name) {
  UnitRuntime* unit = table_.find(name);
  if (unit == nullptr || unit->removed) {
    links_.send(proxy, name, control::Refused{name, kRetryLater, "no such unit"});
    return;
  }
  books_[name].waiting.insert(proxy);
  serve(*unit);
}

void Leases::serve(UnitRuntime& unit) {
  if (shutting_down_)
    return refuse(unit.name(), kRetryLater, "berth is shutting down");
  if (is_serving(unit))
    return grant(unit);
  if (is_at_rest(unit.state) && !unit.wanted_up && unit.unit.info.start == StartWhen::manual)
    return refuse(unit.name(), kRetryLater, "it is started by hand only");
  if (unit.is_tenant()) {
    const auto left = unit.refuse_until - loop_.now();
    if (is_at_rest(unit.state) && left.count() > 0)
      return refuse(unit.name(), std::chrono::ceil<Milliseconds>(left), unit.reason);
    return enqueue(unit);
  }
  // A service that a route names. One that is down for good is not brought up by a request unless
  // it says so.
  if (unit.unit.info.start == StartWhen::demand && !unit.wanted_up)
    return bring_up(unit, kRetryLater);
  if (is_at_rest(unit.state) && !unit.wanted_up)
    refuse(unit.name(), kRetrySoon, "it is " + std::string(to_string(unit.state)));
}

void Leases::bring_up(UnitRuntime& unit, Milliseconds retry_after) {
  if (const auto started = requests_.want_up(unit); !started)
    return refuse(unit.name(), retry_after, started.error().message);
  // Its turn to stop had not come: it stays up, and no change of state will say so.
  if (is_serving(unit))
    grant(unit);
}

void Leases::grant(UnitRuntime& unit) {
  Book& book = books_[unit.name()];
  loop_.disarm(book.idle);
  for (const std::string& proxy : book.waiting) {
    Holding& holding = book.holders[proxy];
    holding.epoch = unit.life.epoch;
    holding.last_use = loop_.now();
    links_.send(proxy, unit.name(),
                control::Granted{unit.name(), unit.life.epoch, unit.life.endpoint});
  }
  book.waiting.clear();
}

void Leases::refuse(const std::string& unit, Milliseconds retry_after, const std::string& reason) {
  Book& book = books_[unit];
  for (const std::string& proxy : book.waiting)
    links_.send(proxy, unit, control::Refused{unit, retry_after, reason});
  book.waiting.clear();
}

Leases::Holding* Leases::holding(const std::string& proxy, const std::string& unit,
                                 std::uint64_t epoch) {
  const auto book = books_.find(unit);
  if (book == books_.end())
    return nullptr;
  const auto found = book->second.holders.find(proxy);
  return found != book->second.holders.end() && found->second.epoch == epoch ? &found->second
                                                                             : nullptr;
}

void Leases::returned(const std::string& proxy, const control::Returned& message) {
  Holding* held = holding(proxy, message.unit, message.epoch);
  UnitRuntime* unit = table_.find(message.unit);
  if (held == nullptr || unit == nullptr)
    return;
  unanswered_revokes_.erase(proxy);
  held->requests = message.requests;
  held->last_use = loop_.now() - message.idle_for;
  drop_holder(*unit, proxy);
  if (!this->held(*unit))
    nobody_holds(*unit, message.idle_for);
}

void Leases::used(const std::string& proxy, const control::Usage& message) {
  Holding* held = holding(proxy, message.unit, message.epoch);
  if (held == nullptr)
    return;
  held->in_flight = message.in_flight;
  held->requests = message.requests;
  held->last_use = loop_.now() - message.idle_for;
}

void Leases::busy(const std::string& proxy, const control::Busy& message) {
  Holding* held = holding(proxy, message.unit, message.epoch);
  if (held == nullptr)
    return;
  unanswered_revokes_.erase(proxy);
  loop_.disarm(held->revoke);
  Book& book = books_[message.unit];
  book.busy_until = loop_.now() + kRetrySoon;
  stays_up(book);
  pump();
}

void Leases::unreachable(const std::string& proxy, const control::Unreachable& message) {
  const UnitRuntime* unit = table_.find(message.unit);
  if (unit == nullptr || holding(proxy, message.unit, message.epoch) == nullptr)
    return;
  // If it has crashed, its end is on its way and speaks for itself; if it lives, the proxy tries
  // again for as long as its requests may wait.
  log_warning(message.unit + " does not accept connections at " +
              format_address(unit->life.endpoint));
}

void Leases::drop_holder(UnitRuntime& unit, const std::string& proxy) {
  Book& book = books_[unit.name()];
  const auto found = book.holders.find(proxy);
  if (found == book.holders.end())
    return;
  loop_.cancel(found->second.revoke);
  book.requests += found->second.requests;
  book.last_use = std::max(book.last_use, found->second.last_use);
  book.holders.erase(found);
  if (!book.holders.empty() || !book.let_go)
    return;
  loop_.cancel(book.let_go_timer);
  const auto then = std::exchange(book.let_go, nullptr);
  then();
}

bool Leases::held(const UnitRuntime& unit) const {
  const auto book = books_.find(unit.name());
  return book != books_.end() && !book->second.holders.empty();
}

void Leases::nobody_holds(UnitRuntime& unit, Milliseconds idle_for) {
  const bool stays =
      !unit.is_tenant() || unit.pinned || unit.unit.tenant->idle_timeout.count() == 0;
  Book& book = books_[unit.name()];
  if (unit.state != UnitState::running || unit.stop_pending || unit.life.stop_requested)
    return;
  if (!book.waiting.empty())
    return grant(unit);
  if (const auto then = std::exchange(book.vacated, nullptr)) {
    book.evicted_for.clear();
    return then();
  }
  if (const std::string for_whom = std::exchange(book.evicted_for, {}); !for_whom.empty())
    return requests_.want_down(unit, "makes room for " + for_whom);
  if (stays)
    return;
  const Milliseconds left = unit.unit.tenant->idle_timeout - idle_for;
  if (left.count() <= 0)
    return requests_.want_down(unit, "idle for " + format_duration(unit.unit.tenant->idle_timeout));
  loop_.cancel(book.idle);
  book.idle = loop_.after(left, [this, name = unit.name()] {
    books_[name].idle = os::kNoTimer;
    UnitRuntime* again = table_.find(name);
    if (again != nullptr && !held(*again))
      nobody_holds(*again, again->unit.tenant->idle_timeout);
  });
}

void Leases::end_holders(UnitRuntime& unit, Milliseconds grace) {
  const auto found = books_.find(unit.name());
  if (found == books_.end())
    return;
  for (const auto& [proxy, held] : found->second.holders)
    links_.send(proxy, unit.name(), control::Ending{unit.name(), held.epoch, grace});
}

void Leases::let_go(UnitRuntime& unit, Milliseconds grace, std::function<void()> then) {
  if (!held(unit) || unit.state != UnitState::running)
    return then();
  Book& book = books_[unit.name()];
  if (book.let_go)
    return;  // the stop that came first goes on
  book.let_go = std::move(then);
  book.let_go_timer = loop_.after(grace, [this, name = unit.name()] {
    Book& late = books_[name];
    drop_all_holders(late);
    const auto stop = std::exchange(late.let_go, nullptr);
    stop();
  });
  end_holders(unit, grace);
}

void Leases::drop_all_holders(Book& book) {
  for (const auto& [proxy, held] : book.holders) {
    loop_.cancel(held.revoke);
    book.requests += held.requests;
    book.last_use = std::max(book.last_use, held.last_use);
  }
  book.holders.clear();
}

void Leases::on_state(UnitRuntime& unit) {
  const auto found = books_.find(unit.name());
  if (found == books_.end() && !unit.is_tenant())
    return;
  Book& book = books_[unit.name()];
  if (unit.state == UnitState::waiting) {
    book.came_up = false;
    stays_up(book);
  } else if (unit.state == UnitState::running) {
    book.came_up = true;
    unit.refuse_until = {};
    if (unit.is_tenant() && unit.unit.service.restart == Restart::never)
      unit.history.forget();  // it counts nothing but failed starts then
    grant(unit);
    if (!held(unit))
      nobody_holds(unit, Milliseconds(0));
  } else if (unit.state == UnitState::stopping) {
    // Not always at our wish: who is stopped as unhealthy gets no new requests either.
    end_holders(unit, unit.unit.service.stop_timeout);
  } else if (unit.state == UnitState::cleaning || unit.state == UnitState::killing) {
    end_holders(unit, Milliseconds(0));
    for (const auto& [proxy, holding] : std::map(book.holders))
      drop_holder(unit, proxy);
  } else if (unit.state == UnitState::failed) {
    on_failed(unit);
  } else if (unit.state == UnitState::skipped) {
    refuse(unit.name(), kRetryLater, unit.reason);
  }
  // Asked for while its last life ended.
  if (is_at_rest(unit.state) && !unit.wanted_up && !book.waiting.empty())
    serve(unit);
  pump();
}

void Leases::on_failed(UnitRuntime& unit) {
  Milliseconds retry_after = kRetrySoon;
  if (unit.is_tenant()) {
    // What has been up and crashed starts again with the next request.
    if (books_[unit.name()].came_up)
      return;
    // Never failed for good: refused for a while that grows with each failed start in a row.
    unit.history.count_failure();
    retry_after = unit.history.delay(unit.unit.service);
    unit.refuse_until = loop_.now() + retry_after;
  }
  refuse(unit.name(), retry_after, unit.reason);
}

void Leases::on_disconnected(const std::string& proxy) {
  activity_(proxy, control::Activity{});
  unanswered_revokes_.erase(proxy);
  std::vector<std::string> names;
  for (auto& [name, book] : books_) {
    book.waiting.erase(proxy);
    if (book.holders.count(proxy) != 0)
      names.push_back(name);
  }
  for (const std::string& name : names) {
    UnitRuntime* unit = table_.find(name);
    if (unit == nullptr)
      continue;
    drop_holder(*unit, proxy);
    if (!held(*unit))
      nobody_holds(*unit, Milliseconds(0));
  }
}

void Leases::on_stalled(const std::string& proxy) {
  log_error(proxy + " does not read what berth tells it: it is replaced");
  replace_(proxy);
}

void Leases::on_malformed(const std::string& proxy) {
  log_error(proxy + " has sent a malformed control message: it is replaced");
  replace_(proxy);
}

void Leases::shut_down() {
  shutting_down_ = true;
  queue_.clear();
  links_.send_to_all("", control::ShuttingDown{});
  for (auto& [name, book] : books_)
    if (!book.waiting.empty())
      refuse(name, kRetryLater, "berth is shutting down");
}

void Leases::forget(const UnitRuntime& unit) {
  const auto found = books_.find(unit.name());
  if (found == books_.end())
    return;
  refuse(unit.name(), kRetryLater, "no such unit");
  loop_.cancel(found->second.idle);
  loop_.cancel(found->second.let_go_timer);
  drop_all_holders(found->second);
  books_.erase(found);
}

Usage Leases::usage_of(const UnitRuntime& unit) const {
  Usage usage;
  const auto found = books_.find(unit.name());
  if (found == books_.end())
    return usage;
  usage.requests = found->second.requests;
  os::TimePoint last_use = found->second.last_use;
  for (const auto& [proxy, held] : found->second.holders) {
    usage.in_flight += held.in_flight;
    usage.requests += held.requests;
    last_use = std::max(last_use, held.last_use);
  }
  const auto since = std::chrono::floor<Milliseconds>(loop_.now() - last_use);
  if (usage.in_flight == 0 && unit.state == UnitState::running)
    usage.idle_for = since;
  if (last_use != os::TimePoint())
    usage.used_ago = usage.in_flight == 0 ? since : Milliseconds(0);
  return usage;
}

void Leases::revoke_timed_out(const std::string& proxy, const std::string& unit) {
  Book& book = books_[unit];
  book.busy_until = loop_.now() + kRetrySoon;
  stays_up(book);
  if (++unanswered_revokes_[proxy] >= kUnansweredRevokes) {
    unanswered_revokes_.erase(proxy);
    log_error(proxy + " does not answer: it is replaced");
    replace_(proxy);
  }
  pump();
}

}  // namespace berth
