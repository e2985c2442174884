// berth-admin against clients that do not behave, and when it ends.
#include "init/admin/server.h"

#include <array>
#include <cerrno>
#include <chrono>
#include <string>

#include <grp.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <systemd/sd-bus.h>
#include <unistd.h>

#include "tests/fakes/fake_pid1.h"

namespace berth::admin {
namespace {

using std::chrono::milliseconds;
using std::string_literals::operator""s;

constexpr int kPatienceMs = 5000;

/// A socket connected to the site, which says nothing by itself.
os::UniqueFd connect_raw(const AdminSite& site) {
  bool in_progress = false;
  auto socket = os::start_connect(Address{Address::Family::unix_socket, "", 0, site.socket_path()},
                                  in_progress);
  return socket ? *std::move(socket) : os::UniqueFd();
}

/// Whether the other end closes it within some seconds.
bool gets_closed(const os::UniqueFd& socket) {
  for (;;) {
    pollfd watched{socket.raw(), POLLIN | POLLRDHUP, 0};
    if (::poll(&watched, 1, kPatienceMs) != 1)
      return false;
    std::array<char, 4096> buffer;
    const ssize_t got = ::recv(socket.raw(), buffer.data(), buffer.size(), MSG_DONTWAIT);
    if (got == 0 || (got < 0 && errno != EAGAIN))
      return true;
  }
}

/// A client of sd-bus.
class SdClient {
 public:
  explicit SdClient(const AdminSite& site) {
    sd_bus_new(&bus_);
    sd_bus_set_address(bus_, ("unix:path=" + site.socket_path()).c_str());
    sd_bus_set_bus_client(bus_, 1);
    started_ = sd_bus_start(bus_) >= 0;
  }
  ~SdClient() {
    sd_bus_close(bus_);
    sd_bus_unref(bus_);
  }
  SdClient(const SdClient&) = delete;
  SdClient& operator=(const SdClient&) = delete;

  /// Waits for the answer: a negative errno if there was none.
  int list_units() {
    sd_bus_error error{};
    sd_bus_message* reply = nullptr;
    const int result = sd_bus_call_method(bus_, "org.berth.Berth1", "/org/berth",
                                          "org.berth.Manager1", "ListUnits", &error, &reply, "");
    error_name_ = error.name != nullptr ? error.name : "";
    sd_bus_error_free(&error);
    sd_bus_message_unref(reply);
    return started_ ? result : -ENOTCONN;
  }
  /// Asks and does not wait. Returns false once the connection is gone.
  bool ask_without_reading() {
    sd_bus_message* call = nullptr;
    sd_bus_message_new_method_call(bus_, &call, "org.berth.Berth1", "/org/berth",
                                   "org.berth.Manager1", "ListUnits");
    std::uint64_t cookie = 0;  // asking for it is what makes sd-bus expect a reply
    const int result = sd_bus_send(bus_, call, &cookie);
    sd_bus_message_unref(call);
    return result >= 0 && sd_bus_flush(bus_) >= 0;
  }
  const std::string& error_name() const { return error_name_; }

 private:
  sd_bus* bus_ = nullptr;
  bool started_ = false;
  std::string error_name_;
};

Pid1Script many_units(std::size_t count) {
  Pid1Script script;
  for (std::size_t i = 0; i < count; ++i) {
    UnitStatus unit =
        unit_status("unit" + std::to_string(i), UnitKind::service, UnitState::running);
    unit.description = std::string(200, 'd');
    script.snapshot.units.push_back(unit);
  }
  return script;
}

TEST(Server, ServesAPlainClientOfTheBus) {
  const AdminSite site(many_units(3));
  SdClient client(site);

  EXPECT_GE(client.list_units(), 0);
}

TEST(Server, DropsGarbageAndServesTheOthers) {
  Server::Options options;
  options.client.handshake = milliseconds(200);  // sd-bus tolerates much before it
  const AdminSite site(many_units(3), options);
  const os::UniqueFd bad = connect_raw(site);
  const std::string garbage = "\0GET / HTTP/1.1\r\n\r\n"s + std::string(4096, '\xFF');
  ASSERT_GT(::send(bad.raw(), garbage.data(), garbage.size(), MSG_NOSIGNAL), 0);

  SdClient good(site);

  EXPECT_GE(good.list_units(), 0);
  EXPECT_TRUE(gets_closed(bad));
  EXPECT_GE(good.list_units(), 0);
}

TEST(Server, DropsGarbageThatComesAfterTheHandshake) {
  const AdminSite site(many_units(3));
  const os::UniqueFd bad = connect_raw(site);
  const std::string start =
      "\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n"s + std::string(4096, '\x07');
  ASSERT_GT(::send(bad.raw(), start.data(), start.size(), MSG_NOSIGNAL), 0);

  EXPECT_TRUE(gets_closed(bad));
  SdClient good(site);
  EXPECT_GE(good.list_units(), 0);
}

TEST(Server, DropsAClientThatStaysSilentDuringTheHandshake) {
  Server::Options options;
  options.client.handshake = milliseconds(50);
  const AdminSite site(many_units(3), options);

  const os::UniqueFd silent = connect_raw(site);

  EXPECT_TRUE(gets_closed(silent));
}

TEST(Server, DropsAClientThatDoesNotReadItsAnswers) {
  const AdminSite site(many_units(100));
  SdClient greedy(site);
  ASSERT_GE(greedy.list_units(), 0);

  int asked = 0;
  while (asked < 100'000 && greedy.ask_without_reading())
    ++asked;

  EXPECT_LT(asked, 100'000);
  SdClient good(site);
  EXPECT_GE(good.list_units(), 0);
}

TEST(Server, LetsClientsAboveTheLimitWaitForARoom) {
  Server::Options options;
  options.max_clients = 1;
  options.client.handshake = milliseconds(50);
  const AdminSite site(many_units(3), options);
  const os::UniqueFd silent = connect_raw(site);

  SdClient next(site);

  EXPECT_GE(next.list_units(), 0);
}

TEST(Server, SaysThatPid1DoesNotAnswer) {
  Pid1Script script = many_units(1);
  script.answers = false;
  Server::Options options;
  options.answer_time = milliseconds(50);
  const AdminSite site(script, options);
  SdClient client(site);

  EXPECT_LT(client.list_units(), 0);

  EXPECT_EQ(client.error_name(), "org.berth.Error.NoAnswer");
}

TEST(Server, ClosesWhoIsNotPermitted) {
  ASSERT_EQ(::getuid(), 0U) << "only root can become somebody else";
  const AdminSite site(many_units(1));

  const pid_t stranger = ::fork();
  if (stranger == 0) {
    const bool changed =
        ::setgroups(0, nullptr) == 0 && ::setgid(65534) == 0 && ::setuid(65534) == 0;
    const os::UniqueFd socket = connect_raw(site);
    ::_exit(changed && socket.is_open() && gets_closed(socket) ? 0 : 1);
  }
  int status = -1;
  ::waitpid(stranger, &status, 0);

  EXPECT_EQ(status, 0);
}

TEST(Server, EndsWhenNobodyNeedsIt) {
  Server::Options options;
  options.idle_exit = milliseconds(50);
  AdminSite site(many_units(1), options);
  {
    SdClient client(site);
    EXPECT_GE(client.list_units(), 0);
  }

  site.join();
}

TEST(Server, EndsWithPid1) {
  os::SystemClock clock;
  os::EventLoop loop(clock);
  auto control = os::packet_pair();
  auto listener = os::make_pipe();
  const Server server(loop, std::move(control->second), std::move(listener->read_end), {});

  control->first.reset();
  loop.run();
}

}  // namespace
}  // namespace berth::admin
