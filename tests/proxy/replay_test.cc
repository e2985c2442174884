// Requests that another machine answers, logins by pattern, and what a held request is told.
#include "tests/proxy/gate_world.h"

namespace berth::proxy {
namespace {

class ReplayTest : public GateTest {
 protected:
  ReplaySpec& add_rule(const std::string& path, const std::string& region) {
    ReplaySpec& rule = config.spec.replays.emplace_back();
    rule.path = path;
    rule.region = region;
    return rule;
  }
};

TEST_F(ReplayTest, SendsARequestToItsRegion) {
  config.spec.region = "iad";
  add_rule("^/showcase/regions/([a-z]+)/", "$1");
  configure();
  const std::string reply = get("/showcase/regions/fra/x");

  EXPECT_EQ(status(reply), "307");
  EXPECT_TRUE(has(reply, "Content-Type: application/vnd.fly.replay+json\r\n"));
  EXPECT_TRUE(reply.ends_with(
      "\r\n\r\n{\"region\":\"fra\",\"timeout\":\"30s\",\"fallback\":\"force_self\"}\n"));
  EXPECT_TRUE(has(log(), "\"response_type\":\"fly-replay\",\"destination\":\"region=fra\""));
  // Its own region is here.
  EXPECT_EQ(status(get("/showcase/regions/iad/x")), "404");
}

TEST_F(ReplayTest, SendsARequestToAnApplicationOrAMachine) {
  ReplaySpec& rule = add_rule("\\.pdf$", "");
  rule.app = "appliance";
  rule.machine = "m1";
  rule.status = 200;
  configure();
  const std::string reply = get("/a.pdf");

  EXPECT_EQ(status(reply), "200");
  EXPECT_TRUE(has(reply, "{\"app\":\"appliance\",\"instance\":\"m1\","));
}

TEST_F(ReplayTest, AnswersHereWhatCannotBeSentAgain) {
  add_rule("^/far/", "fra").methods = {"GET", "POST"};
  configure();

  EXPECT_EQ(status(get("/far/", "Content-Length: 1048576\r\n", "POST")), "307");
  EXPECT_EQ(status(get("/far/", "Content-Length: 1048577\r\n", "POST")), "404");
  EXPECT_EQ(status(get("/far/", "Transfer-Encoding: chunked\r\n", "POST")), "404");
  EXPECT_EQ(status(get("/far/", "Content-Length: 0\r\n", "PUT")), "404");
  EXPECT_EQ(status(get("/far/", "Fly-Replay-Src: instance=1;region=iad\r\n")), "404");
}

TEST_F(ReplayTest, PassesOnWhatIsTooLargeToBeSentAgain) {
  config.spec.listen = {Address{Address::Family::tcp, "", 3'000, ""}};
  config.spec.region = "iad";
  config.spec.app = "berth-test";
  add_rule("^/far/([^/]*)/", "$1");
  ReplaySpec& rule = add_rule("^/pdf/", "");
  rule.app = "berth-pdf";
  rule.machine = "m1";
  config.tenants[0].region = "fra";
  configure();
  const std::string large = "Content-Length: 1048577\r\n";

  // There is no such network here.
  EXPECT_EQ(status(get("/far/fra/", large, "POST")), "503");
  EXPECT_TRUE(has(log(), "\"destination\":\"region=fra\""));
  EXPECT_EQ(status(get("/pdf/", "Transfer-Encoding: chunked\r\n", "POST")), "503");
  EXPECT_EQ(status(get("/showcase/2025/boston/", large, "POST")), "503");
  EXPECT_EQ(host->count<control::Acquire>(), 0U);
  // What can be sent again is, and what cannot be a name of a machine is answered here.
  EXPECT_EQ(status(get("/far/fra/", "Content-Length: 1\r\n", "POST")), "307");
  EXPECT_EQ(status(get("/far/a.b/", large, "POST")), "404");
  EXPECT_EQ(status(get("/far/-a/", large, "POST")), "404");
  // It has been passed on already.
  EXPECT_EQ(status(get("/pdf/", large + "Fly-Replay-Src: region=fra\r\n", "POST")), "404");
}

TEST_F(ReplayTest, NamesOtherMachinesAsTheirNetworkDoes) {
  ProxySpec spec;
  spec.region = "iad";
  spec.listen = {Address{Address::Family::unix_socket, "", 0, "/run/x"},
                 Address{Address::Family::tcp, "", 443, ""},
                 Address{Address::Family::tcp, "", 3'000, ""}};
  spec.tls.certificate = "/c";
  spec.tls.listen = {spec.listen[1]};
  const auto place = [&](const std::string& region, const std::string& app,
                         const std::string& machine, const std::string& own_app) {
    spec.app = own_app;
    spec.replays.assign(1, {});
    spec.replays[0].path = "^/";
    spec.replays[0].region = region;
    spec.replays[0].app = app;
    spec.replays[0].machine = machine;
    HttpHead head;
    head.body = BodyKind::chunked;
    const auto target = Replays(spec).find(head, "/x");
    return target ? target->host : "";
  };

  EXPECT_EQ(Replays(spec).port(), 3'000);
  EXPECT_EQ(place("fra", "", "", "app"), "fra.app.internal");
  EXPECT_EQ(place("fra", "pdf", "", "app"), "fra.pdf.internal");
  EXPECT_EQ(place("", "pdf", "", ""), "pdf.internal");
  EXPECT_EQ(place("", "pdf", "3287ed4f", ""), "3287ed4f.vm.pdf.internal");
  EXPECT_EQ(place("fra", "", "3287ed4f", "app"), "3287ed4f.vm.app.internal");
  EXPECT_EQ(place("fra", "", "", ""), "");
  EXPECT_EQ(place("fra", "", "", "app.evil"), "");
}

TEST_F(ReplayTest, ShowsThePageOrAnswersHereWhenNobodyAnsweredThere) {
  add_rule("^/far/", "fra");
  add_rule("^/near/", "fra").fallback = ReplayFallback::here;
  configure();

  EXPECT_EQ(status(get("/far/", "Fly-Replay-Failed: instance=1\r\n")), "503");
  EXPECT_EQ(status(get("/near/", "Fly-Replay-Failed: instance=1\r\n")), "404");
}

TEST_F(ReplayTest, StartsNoTenantThatLivesElsewhere) {
  config.spec.region = "iad";
  config.tenants[0].region = "fra";
  configure();

  EXPECT_TRUE(has(get("/showcase/2025/boston/x"), "{\"region\":\"fra\","));
  EXPECT_EQ(host->count<control::Acquire>(), 0U);

  config.spec.region = "fra";
  configure();
  send(connect(), kGet);
  EXPECT_TRUE(until([&] { return host->count<control::Acquire>() == 1; }));
}

TEST_F(ReplayTest, AsksForALoginBeforeItSendsARequestAway) {
  ask_for_passwords();
  add_rule("^/far/", "fra");
  configure();

  EXPECT_EQ(status(get("/far/")), "401");
  EXPECT_EQ(status(get("/far/", kAnn)), "307");
}

TEST_F(ReplayTest, AsksForALoginByPatternBeforeAnythingElseDecides) {
  ask_for_passwords();
  config.spec.auth_patterns = {{"^/docs/[0-9]+$", false}, {"^/docs/", true}};
  config.spec.auth_public = {"/docs/", "/about"};
  configure();

  EXPECT_EQ(status(get("/docs/17")), "404");
  EXPECT_EQ(status(get("/docs/x")), "401");
  EXPECT_EQ(status(get("/docs/17/../x")), "401");
  EXPECT_EQ(status(get("/about")), "404");
  EXPECT_EQ(status(get("/other")), "401");
}

TEST_F(ReplayTest, TellsHowLongARequestWasHeldIfItIsAsked) {
  config.spec.server_timing = true;
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  until([&] { return host->count<control::Acquire>() > 0; });
  pass(Milliseconds(700));
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(backend, "HTTP/1.1 200 OK\r\nServer-Timing: db;dur=5\r\nContent-Length: 2\r\n\r\nok");
  until([&] { return client.input.ends_with("ok"); });

  EXPECT_TRUE(has(client.input, "Server-Timing: hold;dur=700\r\n"));
  EXPECT_TRUE(has(client.input, "Server-Timing: db;dur=5\r\n"));
  client.input.clear();
  send(client, kGet);
  gets(backend, "\r\n\r\n");
  send(backend, kOk);
  until([&] { return client.input.ends_with("ok"); });
  EXPECT_FALSE(has(client.input, "hold"));
}

}  // namespace
}  // namespace berth::proxy
