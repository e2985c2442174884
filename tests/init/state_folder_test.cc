// What is kept over the end.
#include "init/state_folder.h"

#include <sys/stat.h>

#include "tests/init/temp_folder.h"

namespace berth {
namespace {

constexpr const char* kNoEnd =
    "berth did not come to its end: it was killed, or the machine went down\n";

class StateFolder : public testing::Test {
 protected:
  static std::string begun(const std::string& folder) {
    const auto last = begin_state(folder);
    return last ? *last : last.error().message;
  }
  TempFolder above_;
  const std::string folder_ = above_.path("state");
};

TEST_F(StateFolder, IsMadeAndHoldsNothingAtFirst) {
  EXPECT_EQ("", begun(folder_));
}

TEST_F(StateFolder, TellsWhatWasCutShort) {
  ASSERT_TRUE(write_last_end(folder_, "a: cut\nb: cut\n"));

  EXPECT_EQ("a: cut\nb: cut\n", begun(folder_));
}

TEST_F(StateFolder, TellsOfAnEndThatNeverCame) {
  begun(folder_);

  EXPECT_EQ(kNoEnd, begun(folder_));
}

TEST_F(StateFolder, ForgetsWhatTheEndBeforeTheLastWasLike) {
  ASSERT_TRUE(write_last_end(folder_, "a: cut\n"));
  begun(folder_);
  ASSERT_TRUE(write_last_end(folder_, ""));

  EXPECT_EQ("", begun(folder_));
}

TEST_F(StateFolder, OvercomesAWriteThatWasCutShort) {
  ASSERT_TRUE(write_last_end(folder_, ""));
  above_.write("state/last-end.new", "half");

  EXPECT_TRUE(write_last_end(folder_, "a: cut\n"));
  EXPECT_EQ("a: cut\n", begun(folder_));
}

TEST_F(StateFolder, IsNotMadeWhereTheVolumeIsMissing) {
  EXPECT_EQ("mkdir " + folder_ + "/x: No such file or directory", begun(folder_ + "/x"));
}

TEST_F(StateFolder, IsRefusedIfOthersMayWriteThere) {
  begun(folder_);
  ASSERT_EQ(0, ::chmod(folder_.c_str(), 0777));

  EXPECT_EQ(folder_ + ": is writable by others: refused", begun(folder_));
  EXPECT_FALSE(write_last_end(folder_, ""));
}

TEST_F(StateFolder, IsRefusedIfItIsNone) {
  above_.write("state", "a file");

  EXPECT_FALSE(write_last_end(folder_, ""));
}

}  // namespace
}  // namespace berth
