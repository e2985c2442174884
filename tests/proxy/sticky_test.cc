// Visitors who come back to the machine that they have been on.
#include "tests/proxy/gate_world.h"

namespace berth::proxy {
namespace {

class StickyTest : public GateTest {
 protected:
  StickyTest() {
    config.spec.sticky.cookie = "machine";
    config.machine = "m1";
  }

  /// The reply to a GET that a unit answers.
  std::string served(const std::string& fields, const std::string& target = "") {
    TestPeer& client = connect();
    send(client, "GET /showcase/2025/boston/" + target +
                     " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n");
    if (!granted)
      grant();
    granted = true;
    TestPeer& backend = accept();
    gets(backend, "\r\n\r\n");
    send(backend, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok");
    until([&] { return client.ended; });
    return client.input;
  }
  std::string asked(const std::string& fields) { return get("/showcase/2025/boston/", fields); }

  bool granted = false;
};

const std::string kField =
    "Set-Cookie: machine=m1; Path=/; Max-Age=86400; HttpOnly; SameSite=Lax\r\n";

TEST_F(StickyTest, NamesThisMachineToWhoeverNamesNone) {
  configure();

  EXPECT_TRUE(has(served(""), kField));
  EXPECT_TRUE(has(served("Cookie: a=b; machines=m2; machine=\r\n"), kField));
  EXPECT_TRUE(has(served("Cookie: machine=\"},{\"\r\n"), kField));
  EXPECT_FALSE(has(served("Cookie: a=b;machine=m1\r\n"), "Set-Cookie"));
}

TEST_F(StickyTest, SendsWhoNamesAnotherMachineThere) {
  configure();
  const std::string reply = asked("Cookie: a=b\r\nCookie: c=d; machine=m2\r\n");

  EXPECT_EQ(status(reply), "307");
  EXPECT_TRUE(has(reply, "Content-Type: application/vnd.fly.replay+json\r\n"));
  EXPECT_TRUE(reply.ends_with(
      "\r\n\r\n{\"instance\":\"m2\",\"timeout\":\"30s\",\"fallback\":\"force_self\"}\n"));
  EXPECT_TRUE(has(log(), "\"destination\":\"instance=m2\""));
  EXPECT_EQ(host->count<control::Acquire>(), 0U);
}

TEST_F(StickyTest, TakesOverWhoseMachineIsNoMore) {
  configure();

  EXPECT_TRUE(has(served("Cookie: machine=m2\r\nFly-Replay-Failed: instance=m2\r\n"), kField));
  // Sent here on purpose, by another rule.
  EXPECT_FALSE(has(served("Cookie: machine=m2\r\nFly-Replay-Src: instance=m3\r\n"), "Set-Cookie"));
}

TEST_F(StickyTest, LeavesFilesAndOtherPlacesAlone) {
  serve_files();
  configure();

  EXPECT_EQ(status(get("/showcase/index.html", "Cookie: machine=m2\r\n")), "200");
  EXPECT_FALSE(has(get("/showcase/index.html"), "Set-Cookie"));
  EXPECT_EQ(status(get("/nowhere", "Cookie: machine=m2\r\n")), "404");
}

TEST_F(StickyTest, GoesBeforeTheMaintenancePage) {
  config.maintenance = true;
  configure();

  EXPECT_EQ(status(asked("Cookie: machine=m2\r\n")), "307");
  EXPECT_EQ(status(asked("Cookie: machine=m1\r\n")), "503");
}

TEST_F(StickyTest, MarksTheCookieOfAnEncryptedVisit) {
  config.spec.sticky.max_age = Milliseconds(0);
  config.spec.trust_proxy = {*parse_network("127.0.0.0/8")};
  configure();

  EXPECT_TRUE(has(served("X-Forwarded-Proto: https\r\n"),
                  "Set-Cookie: machine=m1; Path=/; HttpOnly; SameSite=Lax; Secure\r\n"));
}

TEST_F(StickyTest, IsOffWhereTheMachineHasNoName) {
  config.machine.clear();
  configure();

  EXPECT_FALSE(has(served("Cookie: machine=m2\r\n"), "Set-Cookie"));
}

}  // namespace
}  // namespace berth::proxy
