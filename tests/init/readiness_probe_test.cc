// A probe against real sockets that open late, answer wrongly, or never.
#include "init/readiness_probe.h"

#include <array>
#include <csignal>
#include <fstream>
#include <memory>
#include <optional>

#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "init/os/process.h"
#include "init/os/socket.h"
#include "init/os/stream.h"
#include "init/os/stream_socket.h"
#include "tests/fakes/fake_clock.h"
#include "tests/init/temp_folder.h"

namespace berth {
namespace {

using std::chrono::milliseconds;

/// Longer than any of these probes takes; only a failing test waits for it.
constexpr milliseconds kPatience{5000};

std::uint16_t port_of(os::BorrowedFd socket) {
  sockaddr_in name{};
  socklen_t size = sizeof name;
  EXPECT_EQ(0, ::getsockname(socket.raw(), reinterpret_cast<sockaddr*>(&name), &size));
  return ntohs(name.sin_port);
}

Address loopback(std::uint16_t port) {
  Address address;
  address.host = "127.0.0.1";
  address.port = port;
  return address;
}

ReadyCheck check_of(ReadyCheck::Way way, const Address& address) {
  ReadyCheck check;
  check.way = way;
  check.address = address;
  return check;
}

class ReadinessTest : public testing::Test {
 protected:
  ReadinessTest() {
    std::signal(SIGPIPE, SIG_IGN);
    folder_ = testing::TempDir() + "berth-ready-XXXXXX";
    EXPECT_NE(nullptr, ::mkdtemp(folder_.data()));
  }
  ~ReadinessTest() override {
    ::unlink((folder_ + "/x").c_str());
    ::rmdir(folder_.c_str());
  }

  void start(const ReadyCheck& check, const Address& endpoint = {}) {
    probe_ =
        std::make_unique<ReadinessProbe>(loop_, check, endpoint, runner(), [this] { ++ready_; });
  }
  /// Commands as processes of the test; SIGCHLD is not watched here: whoever waits reaps.
  CommandRunner runner() {
    return {reaper_, [](const Command& command) {
              os::ExecImage image;
              image.program = command.argv.front();
              image.argv = command.argv;
              return os::spawn(image);
            }};
  }
  template <typename Condition>
  bool run_until(Condition holds) {
    const os::TimePoint end = clock_.now() + kPatience;
    while (!holds()) {
      if (clock_.now() >= end)
        return false;
      loop_.run_once(milliseconds(10));
      reaper_.drain();
    }
    return true;
  }
  bool runs_until_ready() {
    return run_until([this] { return ready_ > 0; });
  }
  bool runs_until_answer(const std::string& answer) {
    return run_until([&] { return probe_->last_answer() == answer; });
  }
  /// The next connection, accepted.
  os::UniqueFd accepted(os::BorrowedFd listener) {
    os::UniqueFd connection;
    run_until([&] {
      connection = os::accept_on(listener);
      return connection.is_open();
    });
    return connection;
  }
  /// Reads a whole request, then sends `reply` and closes.
  std::string serve(os::BorrowedFd listener, const std::string& reply) {
    const os::UniqueFd connection = accepted(listener);
    std::string request;
    run_until([&] {
      std::array<char, 1024> buffer{};
      const os::IoResult result = os::receive_some(connection.borrow(), buffer);
      if (result.status == os::IoStatus::done)
        request.append(buffer.data(), result.bytes);
      return request.ends_with("\r\n\r\n");
    });
    const std::array<std::string_view, 1> pieces{reply};
    os::send_pieces(connection.borrow(), pieces);
    return request;
  }
  os::UniqueFd listener(const Address& address) {
    auto socket = os::listen_on(address);
    EXPECT_TRUE(socket.has_value());
    return *std::move(socket);
  }
  /// A port of 127.0.0.1 on which nobody listens.
  std::uint16_t closed_port() { return port_of(listener(loopback(0)).borrow()); }
  Address unix_address() const {
    Address address;
    address.family = Address::Family::unix_socket;
    address.path = folder_ + "/x";
    return address;
  }

  os::SystemClock clock_;
  os::EventLoop loop_{clock_};
  Reaper reaper_;
  std::string folder_;
  int ready_ = 0;
  std::unique_ptr<ReadinessProbe> probe_;
};

TEST_F(ReadinessTest, IsReadyWhenTheTcpPortTakesConnections) {
  const os::UniqueFd server = listener(loopback(0));
  start(check_of(ReadyCheck::Way::tcp, loopback(port_of(server.borrow()))));

  EXPECT_EQ(0, ready_) << "never from the constructor";
  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, SaysWhyItIsNotReady) {
  const std::uint16_t port = closed_port();
  start(check_of(ReadyCheck::Way::tcp, loopback(port)));

  EXPECT_TRUE(
      runs_until_answer("connect 127.0.0.1:" + std::to_string(port) + ": Connection refused"));
  EXPECT_EQ(0, ready_);
}

TEST_F(ReadinessTest, NoticesSoonAServerThatBeginsToListenLate) {
  const std::uint16_t port = closed_port();
  start(check_of(ReadyCheck::Way::tcp, loopback(port)));
  os::UniqueFd server;
  os::TimePoint listens_since;
  loop_.after(milliseconds(30), [&] {
    server = listener(loopback(port));
    listens_since = clock_.now();
  });

  ASSERT_TRUE(runs_until_ready());

  EXPECT_LT(clock_.now() - listens_since, milliseconds(15));
}

TEST_F(ReadinessTest, AsksAtTheEndpointWhereTheCheckSaysSo) {
  const os::UniqueFd server = listener(loopback(0));
  ReadyCheck check = check_of(ReadyCheck::Way::tcp, {});
  check.at_endpoint = true;
  start(check, loopback(port_of(server.borrow())));

  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, IsReadyOnceTheUnixSocketIsThere) {
  start(check_of(ReadyCheck::Way::unix_socket, unix_address()));
  ASSERT_TRUE(
      runs_until_answer("connect unix:" + unix_address().path + ": No such file or directory"));
  const os::UniqueFd server = listener(unix_address());

  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, IsReadyOnceTheFileIsThere) {
  ReadyCheck check = check_of(ReadyCheck::Way::file, {});
  check.path = folder_ + "/x";
  start(check);
  ASSERT_TRUE(runs_until_answer("stat " + check.path + ": No such file or directory"));
  std::ofstream(check.path) << "ready";

  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, AsksByHttpUntilTheStatusIsGood) {
  const os::UniqueFd server = listener(loopback(0));
  const std::string port = std::to_string(port_of(server.borrow()));
  ReadyCheck check = check_of(ReadyCheck::Way::http, loopback(port_of(server.borrow())));
  check.path = "/up?x=1";
  start(check);
  const std::string request =
      serve(server.borrow(), "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");

  EXPECT_EQ("GET /up?x=1 HTTP/1.0\r\nHost: 127.0.0.1:" + port +
                "\r\nUser-Agent: berth\r\nAccept: */*\r\nConnection: close\r\n\r\n",
            request);
  EXPECT_TRUE(runs_until_answer("HTTP status 503"));
  EXPECT_EQ(0, ready_);

  serve(server.borrow(), "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");

  EXPECT_TRUE(runs_until_ready());
  EXPECT_EQ("HTTP status 200", probe_->last_answer());
}

TEST_F(ReadinessTest, TakesAnyStatusWhereTheCheckSaysSo) {
  const os::UniqueFd server = listener(unix_address());
  ReadyCheck check = check_of(ReadyCheck::Way::http, unix_address());
  check.path = "/";
  check.status_low = 100;
  check.status_high = 599;
  start(check);
  const std::string request = serve(server.borrow(), "HTTP/1.0 404 Not Found\r\n\r\n");

  EXPECT_NE(std::string::npos, request.find("\r\nHost: localhost\r\n"));
  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, TakesAReplyThatComesInSmallParts) {
  const os::UniqueFd server = listener(loopback(0));
  ReadyCheck check = check_of(ReadyCheck::Way::http, loopback(port_of(server.borrow())));
  check.path = "/";
  start(check);
  const os::UniqueFd connection = accepted(server.borrow());
  for (const char byte : std::string_view("HTTP/1.1 204 No Content\r\n")) {
    const std::array<std::string_view, 1> pieces{std::string_view(&byte, 1)};
    os::send_pieces(connection.borrow(), pieces);
    loop_.run_once(milliseconds(1));
  }

  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, TellsWhatDoesNotSpeakHttp) {
  const os::UniqueFd server = listener(loopback(0));
  const Address address = loopback(port_of(server.borrow()));
  ReadyCheck check = check_of(ReadyCheck::Way::http, address);
  check.path = "/";
  start(check);

  serve(server.borrow(), "-ERR unknown command 'GET'\r\n");
  EXPECT_TRUE(runs_until_answer("HTTP reply of " + format_address(address) + ": not HTTP"));
  serve(server.borrow(), "");
  EXPECT_TRUE(runs_until_answer("HTTP reply of " + format_address(address) +
                                ": the connection was closed"));
  serve(server.borrow(), "HTTP/1.1 2x0 OK\r\n\r\n");
  EXPECT_TRUE(runs_until_answer("HTTP reply of " + format_address(address) + ": not HTTP"));
  EXPECT_EQ(0, ready_);
}

TEST_F(ReadinessTest, GivesUpALookAtAServerThatNeverAnswersAndLooksAgain) {
  const os::UniqueFd server = listener(loopback(0));
  const Address address = loopback(port_of(server.borrow()));
  ReadyCheck check = check_of(ReadyCheck::Way::http, address);
  check.path = "/";
  start(check);
  const os::UniqueFd silent = accepted(server.borrow());

  EXPECT_TRUE(runs_until_answer("HTTP reply of " + format_address(address) + ": timed out"));
  serve(server.borrow(), "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_TRUE(runs_until_ready());
}

TEST(ConnectedToItself, IsToldFromAServer) {
  const os::UniqueFd one(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in name{};
  name.sin_family = AF_INET;
  name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(0, ::bind(one.raw(), reinterpret_cast<const sockaddr*>(&name), sizeof name));
  name.sin_port = htons(port_of(one.borrow()));
  ASSERT_EQ(0, ::connect(one.raw(), reinterpret_cast<const sockaddr*>(&name), sizeof name));
  const auto server = os::listen_on(loopback(0));
  bool in_progress = false;
  const auto other = os::start_connect(loopback(port_of((*server).borrow())), in_progress);

  EXPECT_TRUE(os::is_connected_to_itself(one.borrow()));
  EXPECT_FALSE(os::is_connected_to_itself((*other).borrow()));
}

TEST_F(ReadinessTest, IsReadyWhenTheCommandSucceeds) {
  ReadyCheck check = check_of(ReadyCheck::Way::command, {});
  check.command.argv = {"/usr/bin/test", "-e", folder_ + "/x"};
  start(check);
  ASSERT_TRUE(runs_until_answer("command \"/usr/bin/test -e " + folder_ + "/x\": exit status 1"));
  EXPECT_EQ(0, ready_);
  std::ofstream(folder_ + "/x") << "ready";

  EXPECT_TRUE(runs_until_ready());
}

TEST_F(ReadinessTest, KillsTheCommandWhenItIsDestroyed) {
  ReadyCheck check = check_of(ReadyCheck::Way::command, {});
  check.command.argv = {"/bin/sh", "-c", "touch " + folder_ + "/x; sleep 4711 & wait"};
  start(check);
  ASSERT_TRUE(run_until([this] { return ::access((folder_ + "/x").c_str(), F_OK) == 0; }));
  probe_.reset();

  EXPECT_TRUE(run_until([this] { return reaper_.orphans() > 0; }));
}

TEST_F(ReadinessTest, MayBeDestroyedByItsOwnCallback) {
  const os::UniqueFd server = listener(loopback(0));
  probe_ = std::make_unique<ReadinessProbe>(
      loop_, check_of(ReadyCheck::Way::tcp, loopback(port_of(server.borrow()))), Address{},
      runner(), [this] {
        ++ready_;
        probe_.reset();
      });

  EXPECT_TRUE(runs_until_ready());
}

/// Time that only the test moves, and a unit that is ready when a file is there.
TEST(ReadinessSchedule, LooksAtOnceAndSeesWhatIsUpIn30MsWithin45) {
  TempFolder folder;
  FakeClock clock;
  os::EventLoop loop(clock);
  loop.run_once(milliseconds(0));
  Reaper reaper;
  ReadyCheck check;
  check.way = ReadyCheck::Way::file;
  check.path = folder.path() + "/up";
  milliseconds gone_by{0};
  std::optional<milliseconds> seen;
  ReadinessProbe probe(loop, check, {}, {reaper, nullptr}, [&] { seen = gone_by; });
  loop.run_once(milliseconds(0));
  EXPECT_EQ("stat " + check.path + ": No such file or directory", probe.last_answer())
      << "the first look is at once";

  for (; !seen && gone_by < milliseconds(100); gone_by += milliseconds(1)) {
    if (gone_by == milliseconds(30))
      std::ofstream(check.path) << "up";
    loop.run_once(milliseconds(0));
    clock.advance(milliseconds(1));
  }

  ASSERT_TRUE(seen.has_value());
  EXPECT_GE(*seen, milliseconds(30));
  EXPECT_LE(*seen, milliseconds(45));
}

TEST_F(ReadinessTest, AsksNoMoreOnceItIsDestroyed) {
  const os::UniqueFd server = listener(loopback(0));
  start(check_of(ReadyCheck::Way::tcp, loopback(port_of(server.borrow()))));
  probe_.reset();
  for (int i = 0; i < 3; ++i)
    loop_.run_once(milliseconds(1));

  EXPECT_FALSE(os::accept_on(server.borrow()).is_open());
  EXPECT_EQ(0, ready_);
}

}  // namespace
}  // namespace berth
