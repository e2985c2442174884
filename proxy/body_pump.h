// Reading the body of a request, as it comes, for whoever it goes to.
#pragma once

#include <algorithm>

#include "proxy/relay.h"

namespace berth::proxy {

/// Takes what is there of the body: first what came behind the head, then what the client sends.
/// wants_more(): whether the receiver takes another portion. hand_on(step): a portion; it may be
/// empty, and be the last. max_body: 0 = any. `under_way` if nothing is wrong.
template <typename WantsMore, typename HandOn>
Relay::Outcome pump_body(const Relay::Workshop& shop, ClientRequest& request, Stream& client,
                         std::uint64_t max_body, WantsMore wants_more, HandOn hand_on) {
  const auto take = [&](std::span<char> bytes, std::size_t& used) {
    const BodyDecoder::Step step = request.body.take(bytes);
    used = step.used;
    if (step.outcome == BodyDecoder::Outcome::malformed)
      return Relay::Outcome::bad_request;
    if (max_body > 0 && request.body.total() > max_body)
      return Relay::Outcome::too_large;
    hand_on(step);
    return Relay::Outcome::under_way;
  };
  std::size_t moved = 0;
  while (wants_more()) {
    std::size_t used = 0;
    if (const std::span<char> leftover = request.leftover(); !leftover.empty()) {
      const Relay::Outcome outcome = take(leftover, used);
      request.use_leftover(used);
      if (outcome != Relay::Outcome::under_way)
        return outcome;
      continue;
    }
    const std::size_t wanted = std::min(shop.buffer.size(), request.body.expected());
    const os::IoResult got = client.read(shop.buffer.first(wanted));
    if (got.status == os::IoStatus::would_block)
      return Relay::Outcome::under_way;
    if (got.status != os::IoStatus::done)
      return Relay::Outcome::client_gone;
    const Relay::Outcome outcome = take(shop.buffer.first(got.bytes), used);
    if (outcome != Relay::Outcome::under_way)
      return outcome;
    if (used < got.bytes)
      request.set_leftover({shop.buffer.data() + used, got.bytes - used});
    moved += got.bytes;
    if (moved >= kMostInARow) {
      client.rearm(shop.loop);
      return Relay::Outcome::under_way;
    }
  }
  return Relay::Outcome::under_way;
}

}  // namespace berth::proxy
