// Who is let in: logins while others are being checked, and bots.
#include "tests/proxy/gate_world.h"

namespace berth::proxy {
namespace {

class AccessTest : public GateTest {
 protected:
  /// A request on a connection of its own, not yet answered.
  TestPeer& ask(const std::string& target, const std::string& fields) {
    TestPeer& client = connect();
    send(client, "GET " + target + " HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    return client;
  }
};

constexpr const char* kGooglebot = "User-Agent: Mozilla/5.0 (compatible; Googlebot/2.1)\r\n";
constexpr const char* kFirefox = "User-Agent: Mozilla/5.0 (X11; rv:133.0) Firefox/133.0\r\n";

/// "Basic" of the user "uNN" whose password is "secret".
std::string login_of(int number) {
  static constexpr const char* kTokens[] = {
      "dTEwOnNlY3JldA==", "dTExOnNlY3JldA==", "dTEyOnNlY3JldA==", "dTEzOnNlY3JldA==",
      "dTE0OnNlY3JldA==", "dTE1OnNlY3JldA==", "dTE2OnNlY3JldA==", "dTE3OnNlY3JldA==",
      "dTE4OnNlY3JldA==", "dTE5OnNlY3JldA==", "dTIwOnNlY3JldA==", "dTIxOnNlY3JldA==",
      "dTIyOnNlY3JldA==", "dTIzOnNlY3JldA==", "dTI0OnNlY3JldA==", "dTI1OnNlY3JldA==",
      "dTI2OnNlY3JldA==", "dTI3OnNlY3JldA==", "dTI4OnNlY3JldA==", "dTI5OnNlY3JldA=="};
  return "Authorization: Basic " + std::string(kTokens[number - 10]) + "\r\n";
}

TEST_F(AccessTest, AnswersOthersWhileTwentyPasswordsAreChecked) {
  std::string file = "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n";
  for (int i = 10; i < 30; ++i)
    file +=
        "u" + std::to_string(i) + ":$2y$10$abcdefghijklmnopqrstuuqflPDzB6gcMhKa1rZqKiun2YGL5sa2u\n";
  write("htpasswd", file);
  config.spec.auth_htpasswd = root / "htpasswd";
  configure();
  EXPECT_EQ(status(get("/nope", kAnn)), "404");
  std::vector<TestPeer*> slow;
  for (int i = 10; i < 30; ++i)
    slow.push_back(&ask("/nope", login_of(i)));

  EXPECT_EQ(status(get("/nope", kAnn)), "404");

  const auto unanswered = std::count_if(slow.begin(), slow.end(),
                                        [](const TestPeer* peer) { return peer->input.empty(); });
  EXPECT_GT(unanswered, 0);
  for (TestPeer* peer : slow)
    EXPECT_TRUE(gets(*peer, "HTTP/1.1 404 "));
}

TEST_F(AccessTest, DoesNotLetAQuickPasswordWaitForASlowOne) {
  ask_for_passwords();
  std::ofstream(root / "htpasswd", std::ios::app)
      << "slow:$2y$12$abcdefghijklmnopqrstuuT1Iwu6o8Wx7BoOyIMHfgVJq6JO/IJhW\n";
  config.spec.health_path.clear();
  configure();
  TestPeer& slow = connect();
  send(slow, "GET / HTTP/1.1\r\nHost: x\r\nAuthorization: Basic c2xvdzpzZWNyZXQ=\r\n\r\n");

  EXPECT_EQ(status(get("/", kAnn)), "404");
  EXPECT_EQ(slow.input, "");
  EXPECT_TRUE(gets(slow, "HTTP/1.1 404 "));
}

TEST_F(AccessTest, OpensTheFilesThatATenantSaysArePublic) {
  serve_files();
  ask_for_passwords();
  std::filesystem::create_directories(root / "2025/boston");
  write("2025/boston/logo.js", "logo");
  config.tenants[0].public_paths = {"*.js"};
  configure();

  EXPECT_EQ(status(get("/showcase/2025/boston/logo.js")), "200");
  EXPECT_EQ(status(get("/showcase/2025/boston/people.js")), "401");
  EXPECT_EQ(status(get("/showcase/assets/app.js")), "401");
}

TEST_F(AccessTest, LetsBotsPassUnlessTheyAreRefused) {
  configure();

  EXPECT_EQ(status(get("/nope", kGooglebot)), "404");
}

TEST_F(AccessTest, RefusesBotsEverythingButRobotsTxt) {
  serve_files();
  write("robots.txt", "Disallow: /");
  config.spec.bots = BotAction::reject;
  config.tenants[0].bots = BotAction::reject;
  configure();

  EXPECT_EQ(status(get("/showcase/2025/boston/", kGooglebot)), "403");
  EXPECT_EQ(status(get("/showcase/2025/boston", kGooglebot)), "403");
  EXPECT_EQ(status(get("/nope", kGooglebot)), "403");
  EXPECT_EQ(status(get("/showcase/assets/app.js", kGooglebot)), "403");
  EXPECT_EQ(status(get("/showcase/robots.txt", kGooglebot)), "200");
  EXPECT_EQ(status(get("/up", kGooglebot)), "200");
  EXPECT_EQ(status(get("/showcase/assets/app.js", kFirefox)), "200");
  EXPECT_EQ(status(get("/showcase/assets/app.js")), "200");
  EXPECT_TRUE(has(log(), "\"response_type\":\"bot\""));
  EXPECT_EQ(host->count<control::Acquire>(), 0U);
}

TEST_F(AccessTest, ServesBotsFilesAlone) {
  serve_files();
  config.spec.bots = BotAction::static_only;
  config.tenants[0].bots = BotAction::static_only;
  configure();

  EXPECT_EQ(status(get("/showcase/assets/app.js", kGooglebot)), "200");
  EXPECT_EQ(status(get("/showcase/2025/boston/", kGooglebot)), "403");
  EXPECT_EQ(host->count<control::Acquire>(), 0U);
}

TEST_F(AccessTest, AsksTheTenantFirstWhatItDoesWithBots) {
  config.spec.bots = BotAction::reject;
  add_tenant("tenant@open", "/open/");
  config.tenants[1].bots = BotAction::allow;
  configure();
  ask("/open/", kGooglebot);

  EXPECT_TRUE(until([&] { return host->count<control::Acquire>() == 1; }));
}

TEST_F(AccessTest, TellsBotsToComeAgainAfterTheMaintenance) {
  config.maintenance = true;
  config.spec.bots = BotAction::reject;
  config.tenants[0].bots = BotAction::reject;
  configure();

  EXPECT_EQ(status(get("/showcase/2025/boston/", kGooglebot)), "503");
}

}  // namespace
}  // namespace berth::proxy
