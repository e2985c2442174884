// What a child has of its parent's heap, and what the parent has of it afterwards.
#include "init/os/inherited_memory.h"

#include <cerrno>
#include <csignal>
#include <cstdint>
#include <memory>
#include <string>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace berth::os {
namespace {

constexpr std::uintptr_t kPage = 4096;

bool is_mapped(const void* address) {
  void* const page =
      reinterpret_cast<void*>(reinterpret_cast<std::uintptr_t>(address) / kPage * kPage);
  unsigned char resident = 0;
  return ::mincore(page, kPage, &resident) == 0;
}

/// The exit status of a child that asks whether it has this memory: 1 = yes, 0 = no.
int has_in_child(const void* address, bool kept_back) {
  pid_t pid = -1;
  const auto clone = [&] { pid = static_cast<pid_t>(::syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); };
  if (kept_back) {
    const HeapKeptBack heap;
    clone();
  } else {
    clone();
  }
  if (pid == 0)
    ::_exit(is_mapped(address) ? 1 : 0);
  int status = -1;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

TEST(HeapKeptBack, IsNotInTheChildAndStaysInTheParent) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr int kHasHeap = 1;  // it is not glibc's
#else
  constexpr int kHasHeap = 0;
#endif
  const auto text = std::make_unique<std::string>(2 * kPage, 'x');
  const char* const page_within = text->data() + kPage;
  EXPECT_EQ(has_in_child(page_within, true), kHasHeap);
  EXPECT_EQ(has_in_child(page_within, false), 1);
  EXPECT_EQ(*text, std::string(2 * kPage, 'x'));
}

TEST(InheritedMemory, IsInTheChild) {
  InheritedMemory memory;
  void* const small = memory.allocate(16, 8);
  void* const large = memory.allocate(1 << 20, 16);
  EXPECT_EQ(has_in_child(small, true), 1);
  EXPECT_EQ(has_in_child(large, true), 1);
}

TEST(InheritedMemory, GoesWithItsObject) {
  void* memory_of_old = nullptr;
  {
    InheritedMemory memory;
    memory_of_old = memory.allocate(1 << 20, 16);
    EXPECT_TRUE(is_mapped(memory_of_old));
  }
  EXPECT_FALSE(is_mapped(memory_of_old));
}

}  // namespace
}  // namespace berth::os
