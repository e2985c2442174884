// Memory that is kept for the moment when there is none: what has begun can then be finished.
#pragma once

namespace berth::os {

/// Sets some memory aside, which `new` gives back to the heap when it finds none (man 3
/// set_new_handler), before it tries once more; only then it throws std::bad_alloc. It is the
/// program's, as the handler is.
class MemoryReserve {
 public:
  MemoryReserve();
  ~MemoryReserve();
  MemoryReserve(const MemoryReserve&) = delete;
  MemoryReserve& operator=(const MemoryReserve&) = delete;

  /// Sets aside anew what was used; false while there is not enough memory for it. Costs nothing
  /// where nothing was used.
  static bool refill() noexcept;
};

/// Whether the reserve is in use: what has begun may go on, but it is no time to begin anything.
/// False in a program without one.
bool is_memory_short() noexcept;

}  // namespace berth::os
