// [memory] allocator as variables.
#include "init/allocator.h"

#include <gtest/gtest.h>

#include "tests/init/temp_folder.h"

namespace berth {
namespace {

using Variables = std::map<std::string, std::string>;

class AllocatorTest : public testing::Test {
 protected:
  Result<Variables> add(Variables environment = {}) {
    if (const auto added =
            add_allocator(memory_, own_, {"/nowhere", libraries_.path()}, environment);
        !added)
      return added.error();
    return environment;
  }

  TempFolder libraries_;
  MemorySpec memory_;
  std::map<std::string, std::optional<std::string>> own_;
};

TEST_F(AllocatorTest, AddsNothingUnlessAsked) {
  EXPECT_EQ(*add(), Variables{});
  EXPECT_EQ(*add({{"LD_PRELOAD", "/x.so"}}), (Variables{{"LD_PRELOAD", "/x.so"}}));
}

TEST_F(AllocatorTest, PreloadsJemallocWithItsOptions) {
  libraries_.write("libjemalloc.so.2", "");
  memory_.allocator = Allocator::jemalloc;
  memory_.allocator_conf = "dirty_decay_ms:1000";
  memory_.arenas = 2;

  EXPECT_EQ(*add(), (Variables{{"LD_PRELOAD", libraries_.path("libjemalloc.so.2")},
                               {"MALLOC_CONF", "narenas:2,dirty_decay_ms:1000"}}));
}

TEST_F(AllocatorTest, LetsTheUnitsOwnVariablesStand) {
  libraries_.write("libjemalloc.so.2", "");
  memory_.allocator = Allocator::jemalloc;
  memory_.arenas = 2;
  own_ = {{"LD_PRELOAD", "/x.so"}, {"MALLOC_CONF", "narenas:1"}};

  EXPECT_EQ(*add({{"LD_PRELOAD", "/x.so"}, {"MALLOC_CONF", "narenas:1"}}),
            (Variables{{"LD_PRELOAD", libraries_.path("libjemalloc.so.2") + ":/x.so"},
                       {"MALLOC_CONF", "narenas:1"}}));
}

TEST_F(AllocatorTest, TakesThePlaceOfWhatWasInherited) {
  memory_.allocator = Allocator::system;

  EXPECT_EQ(*add({{"LD_PRELOAD", "/x.so"}, {"MALLOC_CONF", "narenas:1"}, {"LANG", "C"}}),
            (Variables{{"LANG", "C"}}));
}

TEST_F(AllocatorTest, PreloadsMimallocWithItsOptions) {
  libraries_.write("libmimalloc.so.2.0", "");
  memory_.allocator = Allocator::mimalloc;
  memory_.allocator_conf = "purge_delay=0,eager_commit=1";

  EXPECT_EQ(*add(), (Variables{{"LD_PRELOAD", libraries_.path("libmimalloc.so.2.0")},
                               {"MIMALLOC_PURGE_DELAY", "0"},
                               {"MIMALLOC_EAGER_COMMIT", "1"}}));
}

TEST_F(AllocatorTest, SetsUpTheSystemsOwn) {
  memory_.arenas = 2;
  memory_.allocator_conf = "glibc.malloc.trim_threshold=65536";

  EXPECT_EQ(*add(), (Variables{{"MALLOC_ARENA_MAX", "2"},
                               {"GLIBC_TUNABLES", "glibc.malloc.trim_threshold=65536"}}));
}

TEST_F(AllocatorTest, NamesThePackageOfALibraryThatIsMissing) {
  memory_.allocator = Allocator::mimalloc;

  const auto added = add();

  ASSERT_FALSE(added);
  EXPECT_EQ(added.error().message,
            "[memory] allocator \"mimalloc\": no libmimalloc.so.2 in "
            "/nowhere, " +
                libraries_.path() + "; Debian's package is libmimalloc2.0");
}

}  // namespace
}  // namespace berth
