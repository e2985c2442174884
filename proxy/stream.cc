// Reading and writing edge-triggered sockets.
#include "proxy/stream.h"

#include <algorithm>
#include <utility>

namespace berth::proxy {

void Stream::note(os::Events events) {
  saw_end_ |= events.hangup || events.error;
  can_read_ |= events.readable || events.hangup || events.error;
  can_write_ |= events.writable || events.error;
  if (transport_ == nullptr)
    return;
  can_read_ |= events.writable && std::exchange(read_needs_write_, false);
  can_write_ |= events.readable && std::exchange(write_needs_read_, false);
}

os::IoResult Stream::read(std::span<char> room) {
  if (!can_read_)
    return {os::IoStatus::would_block, 0};
  if (transport_ != nullptr)
    return read_through(room);
  const os::IoResult result = os::receive_some(socket_.borrow(), room);
  // A short read has emptied the socket (man 7 epoll), unless the end is behind it: that was told
  // already and will not be told again.
  if (result.status == os::IoStatus::would_block ||
      (result.status == os::IoStatus::done && result.bytes < room.size() && !saw_end_))
    can_read_ = false;
  return result;
}

bool Stream::is_quiet() {
  char one = 0;
  return !can_read_ ||
         (transport_ != nullptr && read(std::span(&one, 1)).status == os::IoStatus::would_block);
}

void Stream::keep(std::span<const std::string_view> pieces, std::size_t skip) {
  if (kept_ == nullptr) {
    std::size_t size = 0;
    for (const std::string_view piece : pieces)
      size += piece.size();
    if (size == skip)
      return;
    kept_ = std::make_unique<Kept>();
    kept_->bytes.reserve(size - skip);
  }
  for (const std::string_view piece : pieces) {
    const std::size_t skipped = std::min(skip, piece.size());
    kept_->bytes.append(piece.substr(skipped));
    skip -= skipped;
  }
}

bool Stream::write(std::span<const std::string_view> pieces) {
  if (kept_ != nullptr || !can_write_) {
    keep(pieces, 0);
    return true;
  }
  std::size_t size = 0;
  for (const std::string_view piece : pieces)
    size += piece.size();
  if (size == 0)
    return true;
  const os::IoResult result = send(pieces);
  if (result.status == os::IoStatus::failed)
    return false;
  can_write_ = result.bytes == size;
  keep(pieces, result.bytes);
  return true;
}

bool Stream::flush() {
  while (kept_ != nullptr && can_write_) {
    const std::string_view rest = std::string_view(kept_->bytes).substr(kept_->sent);
    const os::IoResult result = send(std::span(&rest, 1));
    if (result.status == os::IoStatus::failed)
      return false;
    kept_->sent += result.bytes;
    can_write_ = result.bytes == rest.size();
    if (can_write_)
      kept_.reset();
  }
  return true;
}

os::IoResult Stream::send_file(os::BorrowedFd file, std::uint64_t& offset, std::size_t count) {
  if (kept_ != nullptr || !can_write_)
    return {os::IoStatus::would_block, 0};
  if (transport_ != nullptr)
    return send_file_through(file, offset, count);
  const os::IoResult result = os::send_file(socket_.borrow(), file, offset, count);
  if (result.status == os::IoStatus::would_block)
    can_write_ = false;
  return result;
}

os::IoResult Stream::send(std::span<const std::string_view> pieces) {
  return transport_ == nullptr ? os::send_pieces(socket_.borrow(), pieces) : send_through(pieces);
}

bool Stream::watch(os::EventLoop& loop, os::FdHandler& handler) {
  return !socket_.is_open() || loop.watch(socket_.borrow(), true, true, handler, true);
}

void Stream::rearm(os::EventLoop& loop) {
  if (socket_.is_open())
    loop.rearm(socket_.borrow());
  else if (transport_ != nullptr)
    transport_->rearm();
}

void Stream::finish_sending() {
  if (transport_ != nullptr)
    transport_->finish_sending();
  if (socket_.is_open())
    os::finish_sending(socket_.borrow());
}

void Stream::close() {
  transport_.reset();
  socket_.reset();
}

}  // namespace berth::proxy
