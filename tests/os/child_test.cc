// What a child makes of what it finds after the fork: variables of a file, a terminal.
#include <csignal>
#include <cstdlib>
#include <string_view>

#include <gtest/gtest.h>
#include <sys/mman.h>

#include "init/os/files.h"
#include "tests/os/spawned.h"

namespace berth::os {
namespace {

TEST(Spawn, PutsVariablesOfAFileOverItsOwnButNotOverFixedOnes) {
  const UniqueFd file(::memfd_create("environment", MFD_CLOEXEC));
  constexpr std::string_view variables("B=file\0C=file\0AB=file\0D=\0", 25);
  ASSERT_EQ(::write(file.raw(), variables.data(), variables.size()), 25);
  ExecImage image = image_of({"/usr/bin/env"});
  image.environment = {"A=own", "B=own", "C=fixed"};
  image.fixed_variables = 1;
  image.environment_file = file.borrow();

  EXPECT_EQ(run_to_end(image).output, "B=file\nAB=file\nD=\nA=own\nC=fixed\n");

  const UniqueFd empty(::memfd_create("environment", MFD_CLOEXEC));
  image.environment_file = empty.borrow();
  EXPECT_EQ(run_to_end(image).output, "A=own\nB=own\nC=fixed\n");

  const UniqueFd broken(::memfd_create("environment", MFD_CLOEXEC));
  ASSERT_EQ(::write(broken.raw(), "A=1", 3), 3);
  image.environment_file = broken.borrow();
  const Finished failed = run_to_end(image);
  ASSERT_TRUE(failed.failure.has_value());
  EXPECT_EQ(failed.failure->describe(image),
            "read the variables of env_file and secrets: Invalid argument");
}

TEST(Spawn, GivesTheChildAControllingTerminal) {
  const UniqueFd master(::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
  char name[64];
  ASSERT_EQ(::grantpt(master.raw()), 0);
  ASSERT_EQ(::unlockpt(master.raw()), 0);
  ASSERT_EQ(::ptsname_r(master.raw(), name, sizeof name), 0);
  ExecImage image = image_of({"/bin/sh", "-c",
                              "tty; tty <&2; read x </dev/tty; echo got $x; "
                              "ls /proc/self/fd | wc -l; exec tail -f /dev/null"});
  image.terminal = name;
  const Result<Spawned> child = spawn(image);
  ASSERT_TRUE(child);
  std::string output;
  const auto read_until = [&](const std::string& end) {
    char chunk[256];
    while (!output.ends_with(end)) {
      const ssize_t got = ::read(master.raw(), chunk, sizeof chunk);
      ASSERT_GT(got, 0) << output;
      output.append(chunk, static_cast<std::size_t>(got));
    }
  };
  // What is typed comes later than what is printed: the terminal echoes it when it finds the time.
  const std::string names = std::string(name) + "\r\n" + name + "\r\n";
  read_until(names);
  ASSERT_EQ(::write(master.raw(), "line\n", 5), 5);
  read_until("\n4\r\n");
  // A shell between two commands may miss the signal.
  constexpr std::size_t kLongestName = 32;
  while (*read_file("/proc/" + std::to_string(child->pid) + "/comm", kLongestName) != "tail\n")
    ::usleep(1000);
  ASSERT_EQ(::write(master.raw(), "\x03", 1), 1);  // Ctrl-C

  const Finished end = finish(*child);
  EXPECT_EQ(output, names + "line\r\ngot line\r\n4\r\n");
  EXPECT_EQ(WTERMSIG(end.wait_status), SIGINT);
}

}  // namespace
}  // namespace berth::os
