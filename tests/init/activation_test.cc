// Sockets that stay, and connections that start units.
#include "init/activation.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/init/manager_site.h"
#include "tests/init/temp_folder.h"

namespace berth {
namespace {

class ActivationTest : public ManagerTest {
 protected:
  ActivationTest() {
    manager_.set_observer([this](UnitRuntime& unit) { activation_.on_state(unit); });
  }

  Address address(const std::string& name) const {
    return Address{Address::Family::unix_socket, {}, 0, folder_.path(name)};
  }
  /// A unit that listens on a Unix socket of its own name.
  UnitRuntime& add_listening(const std::string& name, StartWhen start = StartWhen::demand) {
    UnitRuntime& unit = add(name);
    unit.unit.info.start = start;
    unit.unit.service.restart = Restart::never;
    unit.unit.service.listen.push_back({address(name), {}, {}, {}});
    return unit;
  }
  void apply() {
    set_order();
    activation_.apply();
  }
  /// Whether a connection is queued; it stays so until the test ends.
  bool connect(const std::string& name) {
    bool in_progress = false;
    auto socket = os::start_connect(address(name), in_progress);
    if (!socket)
      return false;
    clients_.push_back(*std::move(socket));
    return true;
  }
  void turn() { pass(std::chrono::milliseconds(0)); }
  /// A server takes what is queued.
  void serve(const UnitRuntime& unit) {
    for (const PassedSocket& socket : sockets_.for_process(unit.unit)) {
      pollfd readable{socket.fd.raw(), POLLIN, 0};
      while (::poll(&readable, 1, 0) == 1)
        os::accept_on(socket.fd);
    }
  }

  const TempFolder folder_;
  ListenSockets sockets_{settings_};
  Activation activation_{loop_, table_, logs_, manager_, sockets_};
  std::vector<os::UniqueFd> clients_;
};

TEST_F(ActivationTest, AConnectionStartsAUnitThatWaitsForOne) {
  UnitRuntime& app = add_listening("app");
  apply();
  turn();
  EXPECT_EQ(UnitState::inactive, app.state);

  ASSERT_TRUE(connect("app"));
  turn();

  EXPECT_EQ(UnitState::running, app.state);
  EXPECT_TRUE(app.wanted_up);
}

TEST_F(ActivationTest, AConnectionThatComesDuringAStopIsServedByTheNextLife) {
  UnitRuntime& app = add_listening("app");
  apply();
  ASSERT_TRUE(connect("app"));
  turn();
  serve(app);
  actions_.hold(app, Step::terminate);
  stop(app);
  ASSERT_EQ(UnitState::stopping, app.state);
  actions_.take();

  ASSERT_TRUE(connect("app"));
  turn();
  EXPECT_EQ(UnitState::stopping, app.state);
  exits(app, 0);
  turn();

  EXPECT_EQ(UnitState::running, app.state);
}

TEST_F(ActivationTest, AStoppedUnitRestsUntilSomebodyConnects) {
  UnitRuntime& app = add_listening("app");
  apply();
  start(app);
  stop(app);
  turn();
  EXPECT_EQ(UnitState::inactive, app.state);

  ASSERT_TRUE(connect("app"));
  turn();
  EXPECT_EQ(UnitState::running, app.state);
}

TEST_F(ActivationTest, WhatIsStartedOtherwiseListensWhileItIsWanted) {
  UnitRuntime& app = add_listening("app", StartWhen::boot);
  apply();
  EXPECT_FALSE(connect("app"));

  start(app);
  EXPECT_TRUE(connect("app"));
  restart(app);
  EXPECT_TRUE(connect("app"));
  stop(app);
  turn();

  EXPECT_FALSE(connect("app"));
  EXPECT_FALSE(os::exists(address("app").path));
  EXPECT_EQ(UnitState::inactive, app.state);
}

TEST_F(ActivationTest, AFailedUnitIsTriedAgainAfterItsBackOff) {
  UnitRuntime& app = add_listening("app");
  app.unit.service.restart_limit = 0;
  apply();
  ASSERT_TRUE(connect("app"));
  turn();
  ASSERT_EQ(UnitState::running, app.state);

  exits(app, 1);
  turn();
  EXPECT_EQ(UnitState::failed, app.state) << "not at once";
  pass(std::chrono::milliseconds(101));
  turn();

  EXPECT_EQ(UnitState::running, app.state);
}

TEST_F(ActivationTest, AfterTooManyFailuresConnectionsAreRefused) {
  UnitRuntime& app = add_listening("app");
  app.unit.service.restart_limit = 2;
  apply();
  ASSERT_TRUE(connect("app"));
  for (int i = 0; i < 3; ++i) {
    pass(std::chrono::seconds(1));
    turn();
    ASSERT_EQ(UnitState::running, app.state) << i;
    exits(app, 1);
  }
  pass(std::chrono::seconds(30));
  turn();
  EXPECT_EQ(UnitState::failed, app.state);
  EXPECT_FALSE(connect("app"));

  start(app);
  EXPECT_EQ(UnitState::running, app.state);
  EXPECT_TRUE(connect("app"));
}

TEST_F(ActivationTest, AUnitThatNeverTakesTheConnectionFails) {
  UnitRuntime& app = add_listening("app");
  apply();
  ASSERT_TRUE(connect("app"));
  for (int i = 0; i < 20; ++i) {
    turn();
    ASSERT_EQ(UnitState::running, app.state) << i;
    exits(app, 0);
    ASSERT_EQ(UnitState::exited, app.state) << i;
  }
  turn();

  EXPECT_EQ(UnitState::failed, app.state);
  EXPECT_EQ(
      "started by connections more than 20 times within 2s: its sockets are closed until it is "
      "started",
      app.reason);
  EXPECT_FALSE(app.wanted_up);
  EXPECT_FALSE(connect("app"));
  start(app);
  EXPECT_TRUE(connect("app"));
}

TEST_F(ActivationTest, AConnectionStartsAUnitWhoseStartWasTakenBack) {
  UnitRuntime& app = add_listening("app");
  apply();
  ASSERT_TRUE(manager_.start(app).has_value());
  activation_.on_state(app);
  manager_.stop(app);
  manager_.drain();
  ASSERT_EQ(UnitState::inactive, app.state);

  ASSERT_TRUE(connect("app"));
  turn();

  EXPECT_EQ(UnitState::running, app.state);
}

TEST_F(ActivationTest, AUnitTakesOverTheSocketOfOneThatIsRemoved) {
  UnitRuntime& old = add_listening("app");
  apply();
  ASSERT_TRUE(connect("app"));
  UnitRuntime& fresh = add("fresh");
  fresh.unit.info.start = StartWhen::demand;
  fresh.unit.service.listen = old.unit.service.listen;
  old.removed = true;
  apply();
  turn();

  EXPECT_EQ(UnitState::inactive, old.state);
  EXPECT_EQ(UnitState::running, fresh.state);
}

TEST_F(ActivationTest, SocketsThatAProcessHasShutDownAreOpenedAgain) {
  UnitRuntime& app = add_listening("app");
  apply();
  start(app);
  ::shutdown(sockets_.for_process(app.unit).front().fd.raw(), SHUT_RDWR);
  EXPECT_FALSE(connect("app"));
  restart(app);

  EXPECT_TRUE(connect("app"));
}

TEST_F(ActivationTest, WhatCannotBeOpenedIsTriedAgain) {
  UnitRuntime& app = add_listening("app");
  folder_.write("app", "no socket");
  apply();
  turn();
  EXPECT_FALSE(connect("app"));

  os::remove_file(address("app").path);
  pass(std::chrono::milliseconds(1'001));

  EXPECT_TRUE(connect("app"));
  turn();
  EXPECT_EQ(UnitState::running, app.state);
}

}  // namespace
}  // namespace berth
