// The reserve, and the handler that spends it.
#include "init/os/memory_reserve.h"

#include <cstdlib>
#include <new>

namespace berth::os {
namespace {

// From the heap, below M_MMAP_THRESHOLD (man 3 mallopt), so that what is freed is used without a
// system call; never written to, so that it takes no page.
constexpr std::size_t kBlock = std::size_t{64} * 1024;

// Found by a handler that takes no argument.
void* the_block = nullptr;
bool is_spent = false;

void spend() {
  is_spent = true;
  if (the_block == nullptr)
    throw std::bad_alloc();
  std::free(the_block);
  the_block = nullptr;
}

}  // namespace

MemoryReserve::MemoryReserve() {
  is_spent = true;
  refill();
  std::set_new_handler(spend);
}

MemoryReserve::~MemoryReserve() {
  std::set_new_handler(nullptr);
  std::free(the_block);
  the_block = nullptr;
  is_spent = false;
}

bool MemoryReserve::refill() noexcept {
  if (!is_spent)
    return true;
  if (the_block == nullptr)
    the_block = std::malloc(kBlock);
  is_spent = the_block == nullptr;
  return !is_spent;
}

bool is_memory_short() noexcept {
  return is_spent;
}

}  // namespace berth::os
