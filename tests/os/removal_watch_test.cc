// What is told of files that go.
#include "init/os/removal_watch.h"

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/init/temp_folder.h"

namespace berth::os {
namespace {

bool has_news(const RemovalWatch& watch) {
  pollfd poll{watch.fd().raw(), POLLIN, 0};
  return ::poll(&poll, 1, 0) == 1;
}

TEST(RemovalWatch, TellsOfAFileAndOfAFolderOnce) {
  const TempFolder root;
  root.write("file", "");
  ::mkdir(root.path("folder").c_str(), 0755);
  auto watch = RemovalWatch::begin({root.path("file"), root.path("folder"), root.path("none")});
  ASSERT_TRUE(watch) << watch.error().message;
  EXPECT_FALSE(has_news(*watch));

  ::unlink(root.path("file").c_str());
  EXPECT_TRUE(has_news(*watch));
  watch->forget();
  EXPECT_FALSE(has_news(*watch));

  ::rename(root.path("folder").c_str(), root.path("elsewhere").c_str());
  EXPECT_TRUE(has_news(*watch));
}

TEST(RemovalWatch, DoesNotTellOfWhatIsWrittenInAFolder) {
  const TempFolder root;
  const auto watch = RemovalWatch::begin({root.path()});
  ASSERT_TRUE(watch) << watch.error().message;

  root.write("file", "text");
  ::unlink(root.path("file").c_str());

  EXPECT_FALSE(has_news(*watch));
}

TEST(RemovalWatch, TellsNothingOnceItHasEnded) {
  const TempFolder root;
  root.write("file", "");
  auto watch = RemovalWatch::begin({root.path("file")});
  ASSERT_TRUE(watch) << watch.error().message;

  watch->end();
  watch->forget();  // that the marks have gone
  ::unlink(root.path("file").c_str());

  EXPECT_FALSE(has_news(*watch));
}

}  // namespace
}  // namespace berth::os
