// The shared things of a proxy process.
#include "proxy/context.h"

#include <algorithm>
#include <span>

#include "init/os/random.h"
#include "proxy/connection.h"
#include "proxy/exchange.h"

namespace berth::proxy {
namespace {

/// About as many requests as run at once on a busy day; the memory of further ones is given back.
constexpr std::size_t kMaxFree = 64;
/// So that an overload does not cost a search through ten thousand busy connections each time.
constexpr std::size_t kLooksForIdle = 256;

/// A mixing permutation of 64 bits (the finaliser of MurmurHash3).
std::uint64_t mix(std::uint64_t x) {
  x = (x ^ (x >> 33)) * 0xff51afd7ed558ccdU;
  x = (x ^ (x >> 33)) * 0xc4ceb9fe1a85ec53U;
  return x ^ (x >> 33);
}

void write_hex(std::uint64_t number, char* out) {
  for (int shift = 60; shift >= 0; shift -= 4)
    *out++ = "0123456789abcdef"[number >> shift & 15];
}

}  // namespace

ExchangePool::ExchangePool() = default;
ExchangePool::~ExchangePool() = default;

std::unique_ptr<Exchange> ExchangePool::take(Context& context, Connection& client) {
  std::unique_ptr<Exchange> exchange;
  if (free_.empty()) {
    exchange = std::make_unique<Exchange>(context);
  } else {
    exchange = std::move(free_.back());
    free_.pop_back();
  }
  exchange->assign(client);
  return exchange;
}

void ExchangePool::give(std::unique_ptr<Exchange> exchange) {
  exchange->retire();
  // Beyond the bound it dies at the end of the turn: it may be one of our callers.
  if (free_.size() < kMaxFree)
    free_.push_back(std::move(exchange));
  else
    excess_.push_back(std::move(exchange));
}

void ExchangePool::clear_excess() {
  excess_.clear();
}

ConnectionTable::ConnectionTable(Graveyard& graveyard) : graveyard_(graveyard) {}
ConnectionTable::~ConnectionTable() = default;

void ConnectionTable::add(std::unique_ptr<Connection> connection) {
  connection->set_index(connections_.size());
  connections_.push_back(std::move(connection));
}

void ConnectionTable::remove(Connection& connection) {
  const std::size_t index = connection.index();
  graveyard_.bury(std::move(connections_[index]));
  if (index + 1 < connections_.size()) {
    connections_[index] = std::move(connections_.back());
    connections_[index]->set_index(index);
  }
  connections_.pop_back();
}

bool ConnectionTable::close_an_idle_one() {
  const std::size_t looks = std::min(kLooksForIdle, connections_.size());
  for (std::size_t i = 0; i < looks; ++i) {
    hand_ = hand_ + 1 < connections_.size() ? hand_ + 1 : 0;
    Connection& connection = *connections_[hand_];
    if (connection.is_kept_alive()) {
      connection.close();
      return true;
    }
  }
  return false;
}

RequestIds::RequestIds() {
  unsigned char seed[16];
  os::fill_random(seed);
  for (const unsigned char byte : std::span(seed).first<8>())
    high_ = high_ << 8 | byte;
  for (const unsigned char byte : std::span(seed).last<8>())
    low_ = low_ << 8 | byte;
}

std::string_view RequestIds::next() {
  ++low_;
  write_hex(mix(high_ ^ low_), text_);
  write_hex(mix(low_), text_ + 16);
  return {text_, sizeof text_};
}

}  // namespace berth::proxy
