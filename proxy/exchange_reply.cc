// The part of an exchange that answers itself: errors, pages, files.
#include <algorithm>
#include <array>
#include <optional>

#include "proxy/connection.h"
#include "proxy/exchange.h"

namespace berth::proxy {
namespace {

/// One file is sent at most this much in a row, so that others get their turn.
constexpr std::uint64_t kPortion = std::uint64_t{1024} * 1024;

/// What an answer counts as. `has_head`: the head was complete.
std::optional<Refusal> refusal_of(int status, bool has_head) {
  switch (status) {
    case 400:
      return Refusal::malformed;
    case 408:
      return has_head ? Refusal::body_too_slow : Refusal::head_too_slow;
    case 413:
      return Refusal::body_too_large;
    case 414:
      return Refusal::target_too_long;
    case 431:
      return Refusal::head_too_large;
    default:
      return std::nullopt;
  }
}

}  // namespace

void Exchange::answer_unavailable(Milliseconds retry_after) {
  answer(maintenance_reply(context_.site, request_.head, retry_after));
}

void Exchange::answer_error(int status) {
  if (const auto refusal = refusal_of(status, head_outcome_ == HeadOutcome::complete))
    context_.counters.count(*refusal);
  OwnReply reply = error_reply(status, request_.head);
  if (status == 429)
    reply.fields += "Retry-After: 1\r\n";
  answer(std::move(reply));
}

void Exchange::answer_unserved(Milliseconds retry_after) {
  // Somebody else's server does not start because we wait for it.
  if (!host_.empty())
    answer_error(502);
  else
    answer_unavailable(retry_after);
}

void Exchange::answer(OwnReply reply) {
  client_->post(ConnectionEvent::answer);
  drop_upstream();
  stop_asking();
  // Who sends what cannot be read does not get a second try on the same connection.
  const bool sound =
      head_outcome_ == HeadOutcome::complete && reply.status != 400 && !client_->is_over_limit();
  reply_keeps_ = sound && request_.discard_body() && may_keep_client();
  reply_status_ = reply.status;
  reply_kind_ = reply.kind;
  const bool with_body = !request_.is_head_method();
  // A 304 tells nothing about a length, and a file that is not sent has one all the same.
  const std::uint64_t length =
      reply.body.empty() ? reply.size : static_cast<std::uint64_t>(reply.body.size());
  reply_bytes_ = with_body && reply.status != 304 ? length : 0;
  std::string& head = context_.workshop.scratch;
  head.clear();
  append_own_head(reply, {length, context_.date.now(), reply_keeps_, request_.head.minor}, head);
  if (reply.file)
    file_path_ = context_.spec().static_root + "/" + reply.file->name;
  if (with_body && reply.file) {
    reply_file_ = std::move(reply.file->file);
    reply_offset_ = reply.first;
    reply_left_ = reply.size;
  }
  const std::array<std::string_view, 2> pieces = {
      head, with_body ? std::string_view(reply.body) : std::string_view()};
  if (!client_->stream().write(pieces))
    return client_->close();
  continue_reply();
}

void Exchange::continue_reply() {
  Stream& stream = client_->stream();
  if (!stream.flush())
    return client_->close();
  while (reply_left_ > 0) {
    const auto count = static_cast<std::size_t>(std::min(reply_left_, kPortion));
    const os::IoResult sent = stream.send_file(reply_file_.borrow(), reply_offset_, count);
    if (sent.status == os::IoStatus::would_block)
      break;
    // `closed`: the file has become shorter than was promised.
    if (sent.status != os::IoStatus::done)
      return client_->close();
    reply_left_ -= sent.bytes;
    if (reply_left_ > 0 && sent.bytes == count) {
      stream.rearm(context_.loop);
      break;
    }
  }
  if (reply_left_ > 0 || stream.is_stalled())
    return client_->arm(context_.spec().idle_timeout);
  log(reply_status_, reply_bytes_, reply_kind_);
  finish(reply_keeps_);
}

}  // namespace berth::proxy
