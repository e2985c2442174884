// The heap here is what brk(2) made: of what glibc maps beside it (man 3 mallopt, M_MMAP_THRESHOLD)
// nothing is kept back.
#include "init/os/inherited_memory.h"

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <new>

#include <sys/mman.h>
#include <unistd.h>

namespace berth::os {
namespace {

constexpr std::uintptr_t kPage = 4096;
constexpr std::ptrdiff_t kMostAtStart = 1 << 20;

// The first page that holds nothing older than this program's static objects: what the loader or
// the library may have put below it stays with the child. Null if the heap is not that of brk(2),
// as with a sanitizer.
char* find_first_page() {
  void* const probe = std::malloc(1);
  const auto address = reinterpret_cast<std::uintptr_t>(probe);
  const auto end = reinterpret_cast<std::uintptr_t>(::sbrk(0));
  std::free(probe);
  if (address == 0 || address >= end || end - address > kMostAtStart)
    return nullptr;
  return reinterpret_cast<char*>((address + kPage - 1) / kPage * kPage);
}

char* const first_page = find_first_page();

std::size_t heap_size() {
  char* const end = static_cast<char*>(::sbrk(0));
  return first_page != nullptr && end > first_page ? static_cast<std::size_t>(end - first_page) : 0;
}

}  // namespace

void* InheritedMemory::Pages::do_allocate(std::size_t bytes, std::size_t /*alignment*/) {
  void* const pages =
      ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED)
    throw std::bad_alloc();
  return pages;
}

void InheritedMemory::Pages::do_deallocate(void* pages, std::size_t bytes,
                                           std::size_t /*alignment*/) {
  ::munmap(pages, bytes);
}

HeapKeptBack::HeapKeptBack() : begin_(first_page), size_(heap_size()) {
  if (size_ != 0)
    ::madvise(begin_, size_, MADV_DONTFORK);
}

// In the child, too, where it finds nothing to do. What clone(2) said is the caller's to read.
HeapKeptBack::~HeapKeptBack() {
  const int said = errno;
  if (size_ != 0)
    ::madvise(begin_, size_, MADV_DOFORK);
  errno = said;
}

}  // namespace berth::os
