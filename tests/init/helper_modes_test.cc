// The helpers, each run in a forked process as berth re-executed would run it. Needs root.
#include "init/helper_modes.h"

#include <cstdlib>
#include <sstream>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "init/identity.h"
#include "init/os/socket.h"
#include "tests/os/spawned.h"
#include "units/wire.h"

namespace berth {
namespace {

struct Outcome {
  int status = -1;
  std::string output, errors;
};

void enter_helper(std::vector<std::string> arguments, const os::UniqueFd& output,
                  const os::UniqueFd& errors) {
  ::dup2(output.raw(), 1);
  ::dup2(errors.raw(), 2);
  arguments.insert(arguments.begin(), {"berth", "--helper"});
  std::vector<char*> argv;
  for (std::string& argument : arguments)
    argv.push_back(argument.data());
  const auto status = run_helper_mode(static_cast<int>(argv.size()), argv.data());
  std::fflush(stdout);
  ::_exit(status.value_or(99));
}

Outcome run_helper(const std::vector<std::string>& arguments) {
  int output[2] = {-1, -1};
  int errors[2] = {-1, -1};
  EXPECT_EQ(::pipe2(output, O_CLOEXEC), 0);
  EXPECT_EQ(::pipe2(errors, O_CLOEXEC), 0);
  const os::UniqueFd output_end(output[0]), errors_end(errors[0]);
  os::UniqueFd output_writer(output[1]), errors_writer(errors[1]);
  std::fflush(stdout);
  const pid_t pid = ::fork();
  if (pid == 0)
    enter_helper(arguments, output_writer, errors_writer);
  output_writer.reset();
  errors_writer.reset();
  Outcome outcome;
  outcome.output = os::read_to_end(output_end.borrow());
  outcome.errors = os::read_to_end(errors_end.borrow());
  int status = 0;
  ::waitpid(pid, &status, 0);
  outcome.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  return outcome;
}

TEST(HelperMode, IsNotTakenForOtherArguments) {
  std::string name = "berth", option = "--units";
  char* argv[] = {name.data(), option.data()};

  EXPECT_FALSE(run_helper_mode(2, argv).has_value());
  EXPECT_FALSE(run_helper_mode(1, argv).has_value());
}

TEST(HelperMode, RefusesAModeThatDoesNotExist) {
  const Outcome outcome = run_helper({"dance"});

  EXPECT_EQ(outcome.status, 2);
  EXPECT_EQ(outcome.errors, "berth: no helper mode \"dance\"\n");
}

TEST(HelperMemory, TellsTheFiguresOfEachProcess) {
  const Outcome outcome = run_helper({"memory", std::to_string(::getpid())});

  std::istringstream words(outcome.output);
  long pid = 0, rss = 0, pss = 0, private_memory = 0, swap = -1;
  words >> pid >> rss >> pss >> private_memory >> swap;
  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(pid, ::getpid());
  EXPECT_GT(private_memory, 0);
  EXPECT_GE(pss, private_memory);
  EXPECT_GE(rss, pss);
  EXPECT_GE(swap, 0);
}

TEST(HelperMemory, TellsTheResidentSetWhereItMayNotLookCloser) {
  const std::string pid = std::to_string(::getpid());
  const bool holds = os::holds_in_fork([&] {
    if (::setresuid(12345, 12345, 12345) != 0)
      return false;
    const std::string output = run_helper({"memory", pid}).output;
    return output.starts_with(pid + " ") && output.ends_with(" - - -\n");
  });

  EXPECT_TRUE(holds);
}

TEST(HelperMemory, PassesOverProcessesThatAreGone) {
  const Outcome outcome = run_helper({"memory", "1073741823"});

  EXPECT_EQ(outcome.status, 0);
  EXPECT_EQ(outcome.output, "");
}

TEST(HelperOwnsPort, KnowsWhoListens) {
  Address address;
  address.host = "127.0.0.1";
  const Result<os::UniqueFd> listener = os::listen_on(address);
  ASSERT_TRUE(listener);
  sockaddr_in name{};
  socklen_t size = sizeof name;
  ::getsockname(listener->raw(), reinterpret_cast<sockaddr*>(&name), &size);
  const std::string port = std::to_string(ntohs(name.sin_port));

  // The parent of this test does not hold the socket.
  EXPECT_EQ(run_helper({"owns-port", port, std::to_string(::getpid())}).status, 0);
  EXPECT_EQ(run_helper({"owns-port", port, "1", std::to_string(::getpid())}).status, 0);
  EXPECT_EQ(run_helper({"owns-port", port, std::to_string(::getppid())}).status, 1);
  EXPECT_EQ(run_helper({"owns-port", port}).status, 1);
  EXPECT_EQ(run_helper({"owns-port", "http"}).status, 2);
}

TEST(HelperNames, TellsThoseThatAreKnown) {
  const Outcome outcome =
      run_helper({"names", "user", "daemon", "user", "nobody-at-all", "group", "adm"});

  const auto found = wire::decode<FoundNames>(outcome.output);
  ASSERT_TRUE(found.has_value());
  ASSERT_EQ(found->users.size(), 1U);
  EXPECT_EQ(found->users.at("daemon").uid, 1U);
  EXPECT_EQ(found->users.at("daemon").groups, (std::vector<gid_t>{1}));
  EXPECT_EQ(found->groups, (std::map<std::string, gid_t>{{"adm", 4}}));
  EXPECT_EQ(outcome.status, 0);
}

TEST(HelperNames, WantsAKindWithEachName) {
  const Outcome outcome = run_helper({"names", "daemon"});

  EXPECT_EQ(outcome.errors, "names: wants KIND NAME for each\n");
  EXPECT_EQ(outcome.status, 2);
}

class HelperDirectories : public testing::Test {
 protected:
  HelperDirectories() {
    char name[] = "/tmp/berth-helper-XXXXXX";
    top_ = ::mkdtemp(name);
  }
  ~HelperDirectories() override { os::run_to_end(os::image_of({"/bin/rm", "-rf", top_})); }
  static struct stat status_of(const std::string& path) {
    struct stat status {};
    EXPECT_EQ(::lstat(path.c_str(), &status), 0) << path;
    return status;
  }

  std::string top_;
};

TEST_F(HelperDirectories, AreMadeWithOwnerAndMode) {
  const Outcome outcome = run_helper(
      {"directories", top_ + "/a/b", "daemon", "adm", "02770", top_ + "/c", "", "", "0711"});

  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(status_of(top_ + "/a").st_uid, 0U);
  EXPECT_EQ(status_of(top_ + "/a").st_mode & 07777, 0755U);
  EXPECT_EQ(status_of(top_ + "/a/b").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/a/b").st_gid, 4U);
  EXPECT_EQ(status_of(top_ + "/a/b").st_mode & 07777, 02770U);
  EXPECT_EQ(status_of(top_ + "/c").st_mode & 07777, 0711U);
}

TEST_F(HelperDirectories, AreGivenAwayWhereTheyAreThereAlready) {
  ASSERT_EQ(::mkdir((top_ + "/a").c_str(), 0700), 0);

  const Outcome outcome = run_helper({"directories", top_ + "/a/", "daemon", "", "0750"});

  EXPECT_EQ(outcome.status, 0) << outcome.errors;
  EXPECT_EQ(status_of(top_ + "/a").st_uid, 1U);
  EXPECT_EQ(status_of(top_ + "/a").st_gid, 1U);
  EXPECT_EQ(status_of(top_ + "/a").st_mode & 07777, 0750U);
}

TEST_F(HelperDirectories, AreNeverReachedThroughASymbolicLink) {
  ASSERT_EQ(::mkdir((top_ + "/target").c_str(), 0700), 0);
  ASSERT_EQ(::symlink("target", (top_ + "/link").c_str()), 0);

  const Outcome last = run_helper({"directories", top_ + "/link", "daemon", "", "0755"});
  const Outcome above = run_helper({"directories", top_ + "/link/a", "daemon", "", "0755"});

  EXPECT_EQ(last.status, 1);
  EXPECT_EQ(last.errors,
            "make directory " + top_ + "/link: " + top_ + "/link is a symbolic link\n");
  EXPECT_EQ(above.status, 1);
  EXPECT_EQ(above.errors,
            "make directory " + top_ + "/link/a: " + top_ + "/link is a symbolic link\n");
  EXPECT_EQ(status_of(top_ + "/target").st_uid, 0U);
}

TEST_F(HelperDirectories, TellWhatIsWrong) {
  EXPECT_EQ(run_helper({"directories", top_ + "/../x", "", "", "0755"}).errors,
            "make directory " + top_ + "/../x: the path leads up again\n");
  EXPECT_EQ(run_helper({"directories", "x", "", "", "0755"}).errors,
            "make directory x: the path is not absolute\n");
  EXPECT_EQ(run_helper({"directories", top_ + "/x", "www", "", "0755"}).errors,
            "make directory " + top_ + "/x: user \"www\": no such user\n");
  EXPECT_EQ(run_helper({"directories", top_ + "/x", "", "", "rwx"}).errors,
            "make directory " + top_ + "/x: mode \"rwx\": not an octal mode\n");
  EXPECT_EQ(run_helper({"directories", "/proc/x", "", "", "0755"}).errors,
            "make directory /proc/x: /proc/x: No such file or directory\n");
  EXPECT_EQ(run_helper({"directories", "/etc/passwd/x", "", "", "0755"}).errors,
            "make directory /etc/passwd/x: /etc/passwd: Not a directory\n");
}

}  // namespace
}  // namespace berth
