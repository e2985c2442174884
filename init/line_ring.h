// LineRing: the newest lines of one unit in a block of memory of a fixed size.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "units/snapshot.h"

namespace berth {

class LineRing {
 public:
  std::size_t capacity() const { return bytes_.size(); }
  /// Whether a line of `text_size` bytes fits without dropping another one.
  bool has_room(std::size_t text_size) const;
  /// Keeps the line; the oldest ones make room. A line longer than the whole ring is cut, and lost
  /// where not even its header fits.
  void push(std::uint64_t time_ms, LogStream stream, std::string_view text);
  /// Changes the capacity; keeps the newest lines that fit.
  void resize(std::size_t capacity);
  /// Oldest first, their text as valid UTF-8 without NUL.
  LogTail tail() const;

 private:
  /// What stands before each text in the ring.
  struct Header {
    std::uint64_t time_ms;
    std::uint32_t text_size;
    LogStream stream;
  };

  void drop_oldest();
  void copy_in(const char* from, std::size_t size);
  /// `offset`: from the oldest byte.
  void copy_out(std::size_t offset, char* to, std::size_t size) const;

  std::vector<char> bytes_;
  std::size_t begin_ = 0;  ///< index of the oldest byte
  std::size_t used_ = 0;   ///< bytes from there on, wrapping around the end
  std::uint64_t dropped_ = 0;
};

}  // namespace berth
