// What is seen from outside: the lines of the access log, and the metrics.
#include "tests/proxy/gate_world.h"

namespace berth::proxy {
namespace {

class OutsideTest : public GateTest {
 protected:
  /// A request answered by the unit, from a cold start on.
  void serve_one(const std::string& fields = {}) {
    TestPeer& client = connect();
    send(client, "GET /showcase/2025/boston/x?y HTTP/1.1\r\nHost: x\r\n" + fields + "\r\n");
    until([&] { return host->count<control::Acquire>() > 0; });
    pass(Milliseconds(1'200));
    grant();
    TestPeer& backend = accept();
    gets(backend, "\r\n\r\n");
    send(backend, kOk);
    gets(client, "ok");
  }
  TestPeer& scrape() {
    TestPeer& reader = connect_to(metrics_port);
    send(reader, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    return reader;
  }
  std::string text_of(const std::string& name) {
    std::ifstream file(root / name);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  std::string unit_port() const { return std::to_string(port_of(unit.borrow())); }
};

TEST_F(OutsideTest, TellsWhoAnsweredAndHowLongTheRequestWasHeld) {
  configure();
  serve_one("Fly-Request-Id: 01ABC-fra\r\nUser-Agent: a\r\nReferer: b\r\nX-Request-Id: kept-1\r\n");
  const std::string line = log();

  EXPECT_TRUE(line.starts_with("{\"@timestamp\":\"")) << line;
  EXPECT_TRUE(
      has(line,
          "\"client_ip\":\"127.0.0.1\",\"remote_user\":\"-\",\"method\":\"GET\","
          "\"uri\":\"/showcase/2025/boston/x?y\",\"protocol\":\"HTTP/1.1\",\"status\":200,"
          "\"body_bytes_sent\":2,\"request_id\":\"kept-1\",\"request_time\":\"1.200000\","
          "\"referer\":\"b\",\"user_agent\":\"a\",\"fly_request_id\":\"01ABC-fra\","
          "\"tenant\":\"2025-boston\",\"response_type\":\"proxy\",\"proxy_backend\":\"127.0.0.1:" +
              unit_port() + "\",\"hold_time\":\"1.200000\"}\n"))
      << line;
}

TEST_F(OutsideTest, TellsWhichFileWasSent) {
  serve_files();
  configure();
  get("/showcase/assets/app.js");

  EXPECT_TRUE(has(log(), "\"response_type\":\"static\",\"file_path\":\"" + root.string() +
                             "/assets/app.js\"}"));
}

TEST_F(OutsideTest, TellsWhyARequestFailed) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  until([&] { return host->count<control::Acquire>() > 0; });
  host->send(control::Refused{"tenant@2025-boston", Milliseconds(1'000), "secret reason"});
  gets(client, "503");
  const std::string line = log();

  EXPECT_TRUE(has(line, "\"error_message\":\"the unit could not be started\"")) << line;
  EXPECT_FALSE(has(client.input, "could not be started"));
}

TEST_F(OutsideTest, TellsHowLongARequestWasHeldThatGotThePage) {
  configure();
  TestPeer& client = connect();
  send(client, kGet);
  pass(Milliseconds(5'100));
  gets(client, "503");
  const std::string line = log();

  EXPECT_TRUE(has(line, "\"error_message\":\"held for as long as the unit allows\"")) << line;
  EXPECT_TRUE(has(line, "\"hold_time\":\"5.0")) << line;
}

TEST_F(OutsideTest, WritesTheCombinedFormatOfApache) {
  config.spec.access_log = berth::AccessLog::combined;
  configure();
  get("/up", "User-Agent: \"a\"\r\nReferer: b\r\n");
  const std::string line = log();

  EXPECT_TRUE(line.starts_with("127.0.0.1 - - [")) << line;
  EXPECT_TRUE(line.ends_with(" +0000] \"GET /up HTTP/1.1\" 200 3 \"b\" \"\\\"a\\\"\"\n")) << line;
}

TEST_F(OutsideTest, WritesToAFileAndOpensItAgainWhenItWasMovedAway) {
  config.spec.log_to = root / "access.log";
  configure();
  get("/up");
  EXPECT_EQ(log(), "");
  EXPECT_TRUE(has(text_of("access.log"), "\"uri\":\"/up\""));

  std::filesystem::rename(root / "access.log", root / "access.log.1");
  clock.advance(Milliseconds(1'100));
  get("/nope");

  EXPECT_TRUE(has(text_of("access.log"), "\"uri\":\"/nope\""));
  EXPECT_FALSE(has(text_of("access.log.1"), "/nope"));
}

TEST_F(OutsideTest, WritesToTheOutputWhileTheFileCannotBeHad) {
  config.spec.log_to = root / "none/access.log";
  configure();
  get("/up");

  EXPECT_TRUE(has(log(), "\"uri\":\"/up\""));
}

TEST_F(OutsideTest, CountsRequestsByWhoAnsweredAndStatus) {
  configure();
  serve_one();
  get("/up");
  get("/up");
  get("/nope");
  TestPeer& reader = scrape();
  until([&] { return host->count<control::WantFigures>() == 1; });
  SystemFigures figures;
  ClassFigures& tenants = figures.classes.emplace_back();
  tenants.name = "tenant@";
  tenants.running = 3;
  tenants.starts = 7;
  tenants.start_times.add(Milliseconds(400));
  figures.memory.push_back({"tenant@2025-boston", "cgroup v2", 123'456});
  host->send_figures(figures);
  until([&] { return has(reader.input, "berth_unit_memory_bytes{"); });
  const std::string text = reader.input;

  EXPECT_TRUE(has(text, "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\n"));
  for (const std::string_view line : {
           "# TYPE berth_requests_total counter\n",
           "berth_requests_total{class=\"tenant@\",code=\"200\"} 1\n",
           "berth_requests_total{class=\"health\",code=\"200\"} 2\n",
           "berth_requests_total{class=\"error\",code=\"404\"} 1\n",
           "berth_request_duration_seconds_bucket{class=\"tenant@\",le=\"1\"} 0\n",
           "berth_request_duration_seconds_bucket{class=\"tenant@\",le=\"2.5\"} 1\n",
           "berth_request_duration_seconds_bucket{class=\"tenant@\",le=\"+Inf\"} 1\n",
           "berth_request_duration_seconds_sum{class=\"tenant@\"} 1.2\n",
           "berth_requests_held_total{class=\"tenant@\"} 1\n",
           "berth_requests_waiting 0\n",
           "berth_refusals_total{reason=\"malformed\"} 0\n",
           "berth_refusals_total{reason=\"descriptors_gone\"} 0\n",
           "berth_maintenance 0\n",
           "berth_units_running{class=\"tenant@\"} 3\n",
           "berth_unit_starts_total{class=\"tenant@\"} 7\n",
           "berth_unit_start_duration_seconds_bucket{class=\"tenant@\",le=\"0.25\"} 0\n",
           "berth_unit_start_duration_seconds_bucket{class=\"tenant@\",le=\"0.5\"} 1\n",
           "berth_unit_memory_bytes{unit=\"tenant@2025-boston\",by=\"cgroup v2\"} 123456\n",
       })
    EXPECT_TRUE(has(text, line)) << line << "\n" << text;
}

TEST_F(OutsideTest, AsksPid1OnceASecondHoweverManyReadTheMetrics) {
  configure();
  TestPeer& one = scrape();
  TestPeer& two = scrape();
  until([&] { return host->count<control::WantFigures>() > 0; });
  host->send_figures({});
  EXPECT_TRUE(gets(one, "berth_maintenance 0"));
  EXPECT_TRUE(gets(two, "berth_maintenance 0"));
  EXPECT_TRUE(gets(scrape(), "berth_maintenance 0"));
  EXPECT_EQ(host->count<control::WantFigures>(), 1U);
}

TEST_F(OutsideTest, AnswersNothingElseWhereTheMetricsAre) {
  configure();
  TestPeer& reader = connect_to(metrics_port);
  send(reader, kGet);
  EXPECT_TRUE(gets(reader, "HTTP/1.1 404 "));
  EXPECT_EQ(status(get("/metrics")), "404");
}

TEST_F(OutsideTest, GivesUpWhenPid1DoesNotTell) {
  configure();
  TestPeer& reader = scrape();
  until([&] { return host->count<control::WantFigures>() > 0; });
  pass(Milliseconds(2'100));

  EXPECT_TRUE(gets(reader, "HTTP/1.1 503 "));
}

}  // namespace
}  // namespace berth::proxy
