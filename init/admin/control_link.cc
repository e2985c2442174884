// Requests to PID 1 and their answers.
#include "init/admin/control_link.h"

#include <algorithm>
#include <exception>
#include <utility>

#include "init/log.h"
#include "init/os/packet_socket.h"
#include "units/values.h"
#include "units/wire.h"

namespace berth::admin {
namespace {

/// Requests of one client that PID 1 has not answered; a client that waits for its answers has one.
constexpr std::ptrdiff_t kMaxUnanswered = 16;
/// Of all clients together, jobs that have not ended included.
constexpr std::size_t kMaxPending = 1024;
constexpr std::size_t kMaxOutgoing = 256;
/// A snapshot of 10,000 tenants has about 3 MB.
constexpr std::size_t kMaxDocument = std::size_t{32} * 1024 * 1024;

}  // namespace

ControlLink::ControlLink(os::EventLoop& loop, os::UniqueFd socket,
                         std::chrono::milliseconds answer_time, Hooks hooks)
    : loop_(loop), socket_(std::move(socket)), answer_time_(answer_time), hooks_(std::move(hooks)) {
  if (!loop_.watch(socket_.borrow(), true, false, *this))
    log_error("berth-admin: the control socket cannot be watched");
}

ControlLink::~ControlLink() {
  for (const auto& [id, pending] : pending_)
    loop_.cancel(pending.deadline);
  loop_.unwatch(socket_.borrow());
}

template <typename T>
ControlLink::Reply<std::string> ControlLink::decoding(Reply<T> reply) {
  return [reply = std::move(reply)](const Answer<std::string>& answer) {
    if (const auto* refusal = std::get_if<Refusal>(&answer))
      return reply(*refusal);
    auto value = wire::decode<T>(std::get<std::string>(answer));
    if (!value)
      return reply(
          no_answer("berth and berth-admin are not of one version: " + value.error().message));
    reply(*std::move(value));
  };
}

template <typename Message, typename T, typename... Members>
void ControlLink::ask(ClientId client, Reply<T> reply, os::UniqueFd fd, Members... members) {
  if (at_limit(client))
    return reply(too_much("too many requests at once"));
  Pending pending;
  pending.client = client;
  pending.document = decoding<T>(std::move(reply));
  send(Message{add(std::move(pending)), std::move(members)...}, std::move(fd));
}

void ControlLink::get_snapshot(ClientId client, bool with_pids, Reply<Snapshot> reply) {
  ask<control::GetSnapshot>(client, std::move(reply), {}, with_pids);
}

void ControlLink::follow_states(ClientId client, os::UniqueFd pipe, Reply<Snapshot> reply) {
  ask<control::FollowStates>(client, std::move(reply), std::move(pipe));
}

void ControlLink::get_log(ClientId client, const std::string& unit, os::UniqueFd pipe,
                          Reply<LogTail> reply) {
  ask<control::GetLog>(client, std::move(reply), std::move(pipe), unit);
}

void ControlLink::measure(ClientId client, os::UniqueFd pipe, Reply<Snapshot> reply) {
  ask<control::Measure>(client, std::move(reply), std::move(pipe));
}

void ControlLink::command(ClientId client, uid_t uid, control::Verb verb, const std::string& unit,
                          Reply<std::uint32_t> accepted) {
  if (at_limit(client))
    return accepted(too_much("too many jobs at once"));
  Pending pending;
  pending.client = client;
  pending.unit = unit;
  pending.accepted = std::move(accepted);
  send(control::Command{add(std::move(pending)), uid, verb, unit}, {});
}

void ControlLink::command_to_end(ClientId client, uid_t uid, control::Verb verb,
                                 const std::string& unit, Reply<JobEnd> ended) {
  if (at_limit(client))
    return ended(too_much("too many jobs at once"));
  Pending pending;
  pending.client = client;
  pending.unit = unit;
  pending.ended = std::move(ended);
  send(control::Command{add(std::move(pending)), uid, verb, unit}, {});
}

void ControlLink::forget(ClientId client) {
  for (auto it = pending_.begin(); it != pending_.end();) {
    Pending& pending = it->second;
    const bool mine = pending.client == client;
    if (mine && pending.document) {
      loop_.cancel(pending.deadline);
      it = pending_.erase(it);
      continue;
    }
    if (mine) {
      // The job goes on, and its end is told to the other clients.
      pending.client = 0;
      pending.accepted = nullptr;
      pending.ended = nullptr;
    }
    ++it;
  }
}

bool ControlLink::at_limit(ClientId client) const {
  const auto unanswered =
      std::count_if(pending_.begin(), pending_.end(), [client](const auto& entry) {
        return entry.second.client == client && entry.second.deadline != os::kNoTimer;
      });
  return unanswered >= kMaxUnanswered || pending_.size() >= kMaxPending;
}

std::uint32_t ControlLink::add(Pending pending) {
  const std::uint32_t id = next_id_++;
  pending.deadline = loop_.after(answer_time_, [this, id] {
    refuse(id, no_answer("berth did not answer in " + format_duration(answer_time_)));
  });
  pending_.emplace(id, std::move(pending));
  return id;
}

void ControlLink::send(const control::FromAdmin& message, os::UniqueFd fd) {
  if (outgoing_.size() >= kMaxOutgoing) {
    log_error("berth-admin: berth does not read its control socket");
    return lose();
  }
  outgoing_.push_back(Outgoing{wire::encode_any(message), std::move(fd)});
  flush();
}

void ControlLink::flush() {
  while (!outgoing_.empty()) {
    const Outgoing& next = outgoing_.front();
    std::vector<os::BorrowedFd> fds;
    if (next.fd.is_open())
      fds.push_back(next.fd.borrow());
    const os::SendOutcome outcome = os::send_packet(socket_.borrow(), next.bytes, fds);
    if (outcome == os::SendOutcome::full)
      break;
    if (outcome == os::SendOutcome::broken)
      return lose();
    outgoing_.pop_front();
  }
  loop_.rewatch(socket_.borrow(), true, !outgoing_.empty());
}

void ControlLink::on_events(os::Events events) noexcept {
  try {
    if (events.writable)
      flush();
    if (events.readable || events.hangup || events.error)
      receive();
  } catch (const std::exception& error) {
    log_error(std::string("berth-admin: ") + error.what());
    lose();
  }
}

void ControlLink::receive() {
  os::Packet packet;
  for (;;) {
    switch (os::receive_packet(socket_.borrow(), control::kMaxPacket, packet)) {
      case os::ReceiveOutcome::empty:
        return;
      case os::ReceiveOutcome::closed:
        return lose();
      case os::ReceiveOutcome::received:
        break;
    }
    const auto message = wire::decode_any<control::ToAdmin>(packet.bytes);
    if (!message) {
      log_bug("berth-admin: " + message.error().message + " on the control socket");
      return lose();
    }
    std::visit([&](const auto& each) { handle(each, packet.fds); }, *message);
  }
}

void ControlLink::handle(const control::Accepted& message, std::vector<os::UniqueFd>&) {
  const auto found = pending_.find(message.id);
  if (found == pending_.end())
    return;  // its time was over
  Pending& pending = found->second;
  loop_.cancel(std::exchange(pending.deadline, os::kNoTimer));
  if (const auto accepted = std::exchange(pending.accepted, nullptr))
    accepted(message.id);
}

void ControlLink::handle(const control::Denied& message, std::vector<os::UniqueFd>&) {
  refuse(message.id, refusal_of(message));
}

void ControlLink::handle(const control::Finished& message, std::vector<os::UniqueFd>&) {
  auto node = pending_.extract(message.id);
  if (node.empty())
    return;
  const Pending& pending = node.mapped();
  loop_.cancel(pending.deadline);
  // The job's path has to be known before its end is told.
  if (pending.accepted)
    pending.accepted(message.id);
  const JobEnd end{message.id, pending.unit, message.result, message.lines};
  if (pending.ended)
    pending.ended(end);
  hooks_.job_ended(end);
}

void ControlLink::handle(const control::Document& message, std::vector<os::UniqueFd>& fds) {
  auto node = pending_.extract(message.id);
  if (node.empty())
    return;
  const Pending& pending = node.mapped();
  loop_.cancel(pending.deadline);
  if (!pending.document)
    return;
  if (fds.empty())
    return pending.document(no_answer("berth's answer has no document"));
  auto bytes = os::read_sealed(fds.front().borrow(), kMaxDocument);
  if (!bytes)
    return pending.document(no_answer(bytes.error().message));
  pending.document(*std::move(bytes));
}

void ControlLink::refuse(std::uint32_t id, const Refusal& refusal) {
  auto node = pending_.extract(id);
  if (node.empty())
    return;
  const Pending& pending = node.mapped();
  loop_.cancel(pending.deadline);
  if (pending.document)
    pending.document(refusal);
  if (pending.accepted)
    pending.accepted(refusal);
  if (pending.ended)
    pending.ended(refusal);
}

void ControlLink::lose() {
  loop_.unwatch(socket_.borrow());
  hooks_.lost();
}

}  // namespace berth::admin
