// From connections to starts.
#include "init/activation.h"

namespace berth {
namespace {

/// As systemd.socket(5) has it for TriggerLimitIntervalSec and TriggerLimitBurst.
constexpr std::chrono::seconds kTriggerWindow{2};
constexpr std::size_t kTriggerLimit = 20;
constexpr std::chrono::seconds kOpenAgain{1};

bool listens(const UnitRuntime& unit) {
  return !unit.unit.service.listen.empty() || !unit.latest().service.listen.empty();
}

bool starts_by_connection(const UnitRuntime& unit) {
  return unit.latest().info.start == StartWhen::demand && !unit.stock;
}

}  // namespace

Activation::~Activation() {
  for (auto& [name, book] : books_) {
    unwatch(book);
    loop_.cancel(book.pause);
  }
}

void Activation::apply() {
  // What a unit takes over from another one is watched for it alone, and taken over before the
  // other lets go of it.
  for (auto& [name, book] : books_)
    unwatch(book);
  for (const bool removed : {false, true})
    for (const auto& [name, unit] : table_.all())
      if (unit->removed == removed && (listens(*unit) || books_.contains(name)))
        settle(*unit, books_[name]);
}

void Activation::on_state(UnitRuntime& unit) {
  if (!listens(unit) && !books_.contains(unit.name()))
    return;
  Book& book = books_[unit.name()];
  if (unit.wanted_up || unit.state == UnitState::inactive)
    book.given_up = false;
  if (unit.state == UnitState::failed && book.state != UnitState::failed)
    note_failure(unit, book);
  book.state = unit.state;
  settle(unit, book);
}

void Activation::forget(const UnitRuntime& unit) {
  const auto found = books_.find(unit.name());
  if (found == books_.end())
    return;
  unwatch(found->second);
  sockets_.close(unit.name());
  loop_.cancel(found->second.pause);
  books_.erase(found);
}

void Activation::note_failure(UnitRuntime& unit, Book& book) {
  if (!starts_by_connection(unit) || unit.wanted_up || book.given_up)
    return;
  const ServiceSpec& spec = unit.unit.service;
  const auto now = std::chrono::duration_cast<Milliseconds>(loop_.now().time_since_epoch());
  if (unit.history.admit(spec, now))
    return pause(unit, book, unit.history.delay(spec));
  book.given_up = true;
  logs_.unit_line(unit.name(), LogLevel::error,
                  std::to_string(spec.restart_limit) + " starts within " +
                      format_duration(spec.restart_window) +
                      " have failed: its sockets are closed until it is started");
}

bool Activation::wants_open(const UnitRuntime& unit, const Book& book) {
  if (unit.removed || book.given_up || unit.state == UnitState::skipped)
    return false;
  // What stopped with another unit starts again with it.
  return starts_by_connection(unit) || unit.wanted_up || !is_at_rest(unit.state) ||
         !unit.stopped_with.empty();
}

void Activation::settle(UnitRuntime& unit, Book& book) {
  unwatch(book);
  if (!wants_open(unit, book)) {
    loop_.disarm(book.pause);
    return sockets_.close(unit.name());
  }
  std::vector<ListenSocket> keep = unit.unit.service.listen;
  const auto& next = unit.latest().service.listen;
  keep.insert(keep.end(), next.begin(), next.end());
  sockets_.close(unit.name(), keep);
  if (book.pause == os::kNoTimer)
    open(unit, book);
}

void Activation::open(UnitRuntime& unit, Book& book) {
  const bool would_start = is_at_rest(unit.state) && !unit.wanted_up;
  // Whom only the name services know is known when the unit starts, and of those that are being
  // started the start itself says what is wrong.
  const auto opened = sockets_.open(unit.unit, unit.life.names);
  if (opened) {
    book.complaint.clear();
    if (would_start && starts_by_connection(unit))
      watch(unit, book);
    return;
  }
  if (!would_start)
    return;
  if (opened.error().message != book.complaint)
    logs_.unit_line(
        unit.name(), LogLevel::error,
        opened.error().message + "; no connection can start it, tried again each second");
  book.complaint = opened.error().message;
  pause(unit, book, kOpenAgain);
}

void Activation::pause(const UnitRuntime& unit, Book& book, std::chrono::nanoseconds time) {
  loop_.cancel(book.pause);
  book.pause = loop_.after(time, [this, name = unit.name()] {
    Book& waiting = books_[name];
    waiting.pause = os::kNoTimer;
    if (UnitRuntime* again = table_.find(name))
      settle(*again, waiting);
  });
}

void Activation::watch(const UnitRuntime& unit, Book& book) {
  for (const PassedSocket& socket : sockets_.of(unit.unit)) {
    auto handler = std::make_unique<os::FunctionHandler>(
        [this, name = unit.name()](os::Events) { on_connection(name); });
    if (loop_.watch(socket.fd, true, false, *handler))
      book.watches.push_back({socket.fd, std::move(handler)});
  }
}

void Activation::unwatch(Book& book) {
  for (Watch& watch : book.watches) {
    loop_.unwatch(watch.fd);
    // It may be the one that runs.
    loop_.after(std::chrono::nanoseconds(0),
                [handler = std::shared_ptr<os::FdHandler>(std::move(watch.handler))] {});
  }
  book.watches.clear();
}

bool Activation::too_many(Book& book) const {
  while (!book.triggers.empty() && loop_.now() - book.triggers.front() >= kTriggerWindow)
    book.triggers.pop_front();
  book.triggers.push_back(loop_.now());
  return book.triggers.size() > kTriggerLimit;
}

void Activation::on_connection(const std::string& name) {
  Book& book = books_[name];
  unwatch(book);
  UnitRuntime* unit = table_.find(name);
  if (unit == nullptr || unit->removed || !is_at_rest(unit->state) || unit->wanted_up)
    return;
  if (!too_many(book)) {
    logs_.unit_line(name, LogLevel::info, "a connection starts it");
    if (const auto started = manager_.want_up(*unit); !started)
      logs_.unit_line(name, LogLevel::warning, started.error().message);
    return;
  }
  // It ends, and ends well, without taking the connection. There is nothing to wait for.
  book.given_up = true;
  book.triggers.clear();
  unit->reason = "started by connections more than " + std::to_string(kTriggerLimit) +
                 " times within " + format_duration(kTriggerWindow) +
                 ": its sockets are closed until it is started";
  table_.post(*unit, UnitEvent::start);
  table_.post(*unit, UnitEvent::dep_failed);
}

}  // namespace berth
