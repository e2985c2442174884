// What a forked child gets of its parent's memory: a heap of megabytes costs each fork the copying
// and the tearing down of its page tables, and the parent a page fault for every page that it
// writes next.
#pragma once

#include <cstddef>
#include <memory_resource>

namespace berth::os {

/// Memory outside of the heap, for what a child reads between fork and execve. It goes when this
/// object does. Throws std::bad_alloc when nothing can be mapped.
class InheritedMemory final : public std::pmr::memory_resource {
 private:
  class Pages final : public std::pmr::memory_resource {
    void* do_allocate(std::size_t bytes, std::size_t alignment) override;
    void do_deallocate(void* pages, std::size_t bytes, std::size_t alignment) override;
    bool do_is_equal(const memory_resource& other) const noexcept override {
      return this == &other;
    }
  };

  void* do_allocate(std::size_t bytes, std::size_t alignment) override {
    return buffer_.allocate(bytes, alignment);
  }
  void do_deallocate(void*, std::size_t, std::size_t) override {}
  bool do_is_equal(const memory_resource& other) const noexcept override { return this == &other; }

  static constexpr std::size_t kFirst = 8192;  // bytes: most images fit
  Pages pages_;
  std::pmr::monotonic_buffer_resource buffer_{kFirst, &pages_};
};

/// While this lives, clone(2) gives the child no heap (MADV_DONTFORK: madvise(2), Linux 2.6.16).
/// For children that execve, and touch nothing but their stack, constants and InheritedMemory
/// before; not for fork(3), whose handlers look at the heap. Without effect where the heap is not
/// glibc's.
class HeapKeptBack {
 public:
  HeapKeptBack();
  ~HeapKeptBack();
  HeapKeptBack(const HeapKeptBack&) = delete;
  HeapKeptBack& operator=(const HeapKeptBack&) = delete;

 private:
  char* const begin_;
  const std::size_t size_;  ///< 0 = nothing is kept back
};

}  // namespace berth::os
