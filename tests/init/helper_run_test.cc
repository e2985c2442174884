// A helper of a life: what its end and its words mean, and that it never outlives its owner.
#include "init/helper_run.h"

#include <memory>

#include <gtest/gtest.h>

#include "init/os/clock.h"
#include "init/os/pipe.h"
#include "tests/os/spawned.h"

namespace berth {
namespace {

class HelperRunTest : public testing::Test {
 protected:
  HelperRun::Started start(const std::string& script) {
    auto pipe = os::make_pipe();
    EXPECT_TRUE(pipe);
    os::ExecImage image = os::image_of({"/bin/sh", "-c", script});
    image.standard_error = pipe->write_end.borrow();
    auto helper = os::spawn(image);
    EXPECT_TRUE(helper);
    return {*std::move(helper), std::move(pipe->read_end)};
  }
  /// What it said, or "failed: " and why; "" if it is not done within 5 s.
  std::string outcome(HelperRun::Started started) {
    std::string told;
    run_ = std::make_unique<HelperRun>(
        loop_, reaper_, std::move(started), [this, &told](Result<std::string> said) {
          told = said ? "said: " + *said : "failed: " + said.error().message;
          run_.reset();  // as its owner may
        });
    for (int turns = 0; turns < 500 && told.empty(); ++turns) {
      loop_.run_once(std::chrono::milliseconds(10));
      reaper_.drain();
    }
    return told;
  }

  os::SystemClock clock_;
  os::EventLoop loop_{clock_};
  Reaper reaper_;
  std::unique_ptr<HelperRun> run_;
};

TEST_F(HelperRunTest, PassesOnWhatItSaid) {
  EXPECT_EQ(outcome(start("exit 0")), "said: ");
  EXPECT_EQ(outcome(start("echo one >&2; echo two >&2")), "said: one; two");
}

TEST_F(HelperRunTest, FailsInItsOwnWords) {
  EXPECT_EQ(outcome(start("echo the disk is full >&2; exit 1")), "failed: the disk is full");
  EXPECT_EQ(outcome(start("exit 3")), "failed: the helper ended with exit status 3");
  EXPECT_EQ(outcome(start("kill -ALRM $$")), "failed: the helper was not done in time");
}

TEST_F(HelperRunTest, FailsWhereItCannotBeStarted) {
  HelperRun::Started started = start("exit 0");
  os::finish(started.helper);
  auto broken = os::spawn(os::image_of({"/nowhere/berth"}));
  ASSERT_TRUE(broken);
  started.helper = *std::move(broken);

  EXPECT_EQ(outcome(std::move(started)),
            "failed: the helper cannot be started: exec: No such file or directory");
}

TEST_F(HelperRunTest, KeepsOnlySoMuchOfWhatItSays) {
  const std::string told = outcome(start("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1"));

  EXPECT_EQ(told, "failed: " + std::string(2048, 'x'));
}

TEST_F(HelperRunTest, DiesWithItsOwner) {
  HelperRun::Started started = start("sleep 1000");
  const pid_t pid = started.helper.pid;
  run_ = std::make_unique<HelperRun>(loop_, reaper_, std::move(started),
                                     [](Result<std::string>) { FAIL() << "told after all"; });

  run_.reset();

  int status = 0;
  EXPECT_EQ(::waitpid(pid, &status, 0), pid);
  EXPECT_EQ(WTERMSIG(status), SIGKILL);
}

}  // namespace
}  // namespace berth
