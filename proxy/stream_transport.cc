// The part of Stream that has to do with transports.
#include <algorithm>
#include <array>

#include "proxy/stream.h"

namespace berth::proxy {
namespace {

/// The most that goes into one record (RFC 8446 section 5.1). Small pieces go together.
constexpr std::size_t kRecord = std::size_t{16} * 1024;

/// What follows `skip` bytes of the pieces, at most a record: a view of one piece, or a copy in
/// `room`.
std::string_view next_record(std::span<const std::string_view> pieces, std::size_t skip,
                             std::span<char, kRecord> room) {
  std::size_t size = 0;
  for (std::string_view piece : pieces) {
    const std::size_t skipped = std::min(skip, piece.size());
    piece.remove_prefix(skipped);
    skip -= skipped;
    if (size == 0 && piece.size() >= kRecord)
      return piece.substr(0, kRecord);
    size += piece.copy(room.data() + size, kRecord - size);
  }
  return {room.data(), size};
}

}  // namespace

os::IoStatus Stream::take(const Transport::Result& result, bool reading) {
  using Status = Transport::Status;
  switch (result.status) {
    case Status::done:
      return os::IoStatus::done;
    case Status::needs_read:
      (reading ? can_read_ : can_write_) = false;
      write_needs_read_ |= !reading;
      return os::IoStatus::would_block;
    case Status::needs_write:
      (reading ? can_read_ : can_write_) = false;
      read_needs_write_ |= reading;
      return os::IoStatus::would_block;
    case Status::closed:
      return os::IoStatus::closed;
    case Status::failed:
      break;
  }
  return os::IoStatus::failed;
}

os::IoResult Stream::read_through(std::span<char> room) {
  const Transport::Result result = transport_->read(room);
  return {take(result, true), result.bytes};
}

os::IoResult Stream::send_through(std::span<const std::string_view> pieces) {
  std::array<char, kRecord> room;  // NOLINT(cppcoreguidelines-init-variables): filled as needed
  std::size_t sent = 0;
  while (true) {
    const std::string_view record = next_record(pieces, sent, room);
    if (record.empty())
      return {os::IoStatus::done, sent};
    const Transport::Result result = transport_->write(record);
    const os::IoStatus status = take(result, false);
    if (status == os::IoStatus::failed)
      return {status, 0};
    if (status != os::IoStatus::done)
      return {os::IoStatus::done, sent};
    sent += result.bytes;
  }
}

os::IoResult Stream::send_file_through(os::BorrowedFd file, std::uint64_t& offset,
                                       std::size_t count) {
  std::array<char, kRecord> room;  // NOLINT(cppcoreguidelines-init-variables): filled as needed
  std::size_t sent = 0;
  while (sent < count) {
    const os::IoResult got =
        os::read_at(file, offset, std::span(room).first(std::min(kRecord, count - sent)));
    if (got.status != os::IoStatus::done)
      return sent > 0 ? os::IoResult{os::IoStatus::done, sent} : got;
    const Transport::Result result = transport_->write({room.data(), got.bytes});
    const os::IoStatus status = take(result, false);
    if (status != os::IoStatus::done)
      return status == os::IoStatus::would_block && sent > 0
                 ? os::IoResult{os::IoStatus::done, sent}
                 : os::IoResult{status, 0};
    offset += result.bytes;
    sent += result.bytes;
  }
  return {os::IoStatus::done, sent};
}

}  // namespace berth::proxy
