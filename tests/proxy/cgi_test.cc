// Requests that start a job: what PID 1 is asked, what goes into the pipes, and what the client
// gets.
#include <csignal>

#include "init/os/stream.h"
#include "tests/proxy/gate_world.h"

namespace berth::proxy {
namespace {

using control::RunPhase;

class CgiTest : public GateTest {
 protected:
  CgiTest() {
    std::signal(SIGPIPE, SIG_IGN);  // as main() has it
    RouteSpec route;
    route.prefix = "/admin/update";
    route.job = "update";
    route.methods = {"POST", "GET", "HEAD"};
    config.spec.routes.push_back(route);
    config.route_backends.push_back(kNoBackend);
  }

  RouteSpec& route() { return config.spec.routes.front(); }
  /// Sends a request, and waits until PID 1 is asked for the run.
  TestPeer& ask(const std::string& request) {
    const std::size_t before = host->count<control::RunJob>();
    TestPeer& client = connect();
    send(client, request);
    EXPECT_TRUE(until([&] { return host->count<control::RunJob>() > before; }));
    run = host->last<control::RunJob>();
    EXPECT_EQ(2U, host->fds.size());
    input = std::move(host->fds[0]);
    output = std::move(host->fds[1]);
    os::make_nonblocking(input.borrow());
    return client;
  }
  TestPeer& post(const std::string& body = "", const std::string& fields = "") {
    return ask("POST /admin/update HTTP/1.1\r\nHost: x\r\n" + fields +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }
  void tell(RunPhase phase) { host->send(control::RunState{run.id, phase}); }
  /// What the job can read of its input until it is `size` bytes long, or ends.
  std::string body(std::size_t size = ~std::size_t{0}) {
    std::string text;
    char room[65536];
    until([&] {
      const os::Transfer got = os::read_some(input.borrow(), room);
      if (got.state == os::TransferState::done)
        text.append(room, got.size);
      return got.state == os::TransferState::ended || text.size() >= size;
    });
    return text;
  }
  void print(std::string_view text) {
    EXPECT_EQ(text.size(), os::write_some(output.borrow(), text).size);
  }
  /// The job has ended.
  void end(RunPhase phase = RunPhase::done) {
    output.reset();
    input.reset();
    tell(phase);
  }
  /// The whole run of a job that prints this.
  std::string reply_to(TestPeer& client, std::string_view text, RunPhase phase = RunPhase::done) {
    tell(RunPhase::accepted);
    print(text);
    end(phase);
    EXPECT_TRUE(until([&] {
      return client.ended || client.input.ends_with("0\r\n\r\n") ||
             (client.input.find("chunked") == client.input.npos &&
              client.input.find("\r\n\r\n") != client.input.npos);
    }));
    return client.input;
  }

  control::RunJob run;
  os::UniqueFd input, output;
};

TEST_F(CgiTest, TellsTheJobOfTheRequest) {
  configure();
  ask("POST /admin/update/a%20b?x=1 HTTP/1.1\r\nHost: Example.org:8080\r\nContent-Type: a/b\r\n"
      "Content-Length: 2\r\nX-Forwarded-For: 1.2.3.4\r\nProxy: evil\r\nX_Odd: 1\r\n"
      "Accept-Language: de\r\nAuthorization: Basic eDp5\r\nX-Many: 1\r\nX-Many: 2\r\n"
      "X-Request-Id: abc\r\n\r\nhi");

  EXPECT_EQ("update", run.job);
  const cgi::Variables expected = {{"CONTENT_LENGTH", "2"},
                                   {"CONTENT_TYPE", "a/b"},
                                   {"GATEWAY_INTERFACE", "CGI/1.1"},
                                   {"HTTP_ACCEPT_LANGUAGE", "de"},
                                   {"HTTP_HOST", "Example.org:8080"},
                                   {"HTTP_X_MANY", "1, 2"},
                                   {"HTTP_X_REQUEST_ID", "abc"},
                                   {"PATH_INFO", "/a b"},
                                   {"QUERY_STRING", "x=1"},
                                   {"REMOTE_ADDR", "127.0.0.1"},
                                   {"REQUEST_METHOD", "POST"},
                                   {"REQUEST_SCHEME", "http"},
                                   {"REQUEST_URI", "/admin/update/a%20b?x=1"},
                                   {"SCRIPT_NAME", "/admin/update"},
                                   {"SERVER_NAME", "example.org"},
                                   {"SERVER_PORT", "8080"},
                                   {"SERVER_PROTOCOL", "HTTP/1.1"},
                                   {"SERVER_SOFTWARE", "berth"}};
  EXPECT_EQ(expected, run.variables);
  EXPECT_TRUE(cgi::are_sound(run.variables));
}

TEST_F(CgiTest, GivesTheJobTheBodyAndItsEnd) {
  configure();
  post("some body");
  tell(RunPhase::accepted);

  EXPECT_EQ("some body", body());
}

TEST_F(CgiTest, TakesTheChunksOffABody) {
  configure();
  TestPeer& client = ask(
      "POST /admin/update HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nsome\r\n");
  tell(RunPhase::accepted);
  EXPECT_FALSE(run.variables.contains("CONTENT_LENGTH"));

  EXPECT_EQ("some", body(4));
  send(client, "5\r\n body\r\n0\r\n\r\n");

  EXPECT_EQ(" body", body());
}

TEST_F(CgiTest, AsksAClientForTheBodyThatItHasAnnounced) {
  configure();
  TestPeer& client =
      ask("POST /admin/update HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\n"
          "Content-Length: 2\r\n\r\n");
  turns(5);
  EXPECT_EQ("", client.input);
  tell(RunPhase::accepted);
  EXPECT_TRUE(until([&] { return client.input == "HTTP/1.1 100 Continue\r\n\r\n"; }));
  send(client, "hi");

  EXPECT_EQ("hi", body());
}

TEST_F(CgiTest, HoldsALargeBodyBackUntilTheJobTakesIt) {
  configure();
  const std::string large(32 * 1024 * 1024, 'b');
  TestPeer& client = ask("POST /admin/update HTTP/1.1\r\nHost: x\r\nContent-Length: " +
                         std::to_string(large.size()) + "\r\n\r\n");
  tell(RunPhase::accepted);
  std::size_t sent = 0;
  for (int idle = 0; idle < 20;) {
    const std::size_t more = client.send_some(std::string_view(large).substr(sent));
    idle = more == 0 ? idle + 1 : 0;
    sent += more;
    turn();
  }
  EXPECT_LT(sent, large.size());

  std::string got;
  while (got.size() < large.size()) {
    sent += client.send_some(std::string_view(large).substr(sent, 65536));
    got += body(1);
  }
  EXPECT_EQ(large, got);
}

TEST_F(CgiTest, PassesOutputOnAsItComes) {
  configure();
  TestPeer& client = post();
  tell(RunPhase::accepted);
  print("Content-Type: text/html\n\n<p>1");
  EXPECT_TRUE(until([&] { return has(client.input, "4\r\n<p>1\r\n"); }));
  EXPECT_EQ("200", status(client.input));
  EXPECT_TRUE(has(client.input, "Content-Type: text/html\r\n"));
  print("<p>2");
  EXPECT_TRUE(until([&] { return client.input.ends_with("4\r\n<p>2\r\n"); }));
  output.reset();
  turns(10);
  EXPECT_TRUE(client.input.ends_with("4\r\n<p>2\r\n")) << "the run is not over";
  end();

  EXPECT_TRUE(until([&] { return client.input.ends_with("0\r\n\r\n"); }));
  EXPECT_TRUE(has(log(), "\"tenant\":\"update\",\"response_type\":\"cgi\""));
  EXPECT_EQ(0U, host->count<control::StopRun>());
}

TEST_F(CgiTest, SendsWhatHasNoHeaderAsText) {
  configure();
  const std::string reply = reply_to(post(), "all is well\n");

  EXPECT_EQ("200", status(reply));
  EXPECT_TRUE(has(reply, "Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_TRUE(reply.ends_with("c\r\nall is well\n\r\n0\r\n\r\n"));
}

TEST_F(CgiTest, TakesTheStatusThatTheJobSays) {
  configure();
  EXPECT_EQ("404", status(reply_to(post(), "Status: 404 Not Found\n\nno")));
  EXPECT_EQ("302", status(reply_to(post(), "Location: /x\n\n")));
  EXPECT_EQ("204", status(reply_to(post(), "Status: 204 No Content\n\n")));
  EXPECT_EQ("200", status(reply_to(post(), "")));
  EXPECT_EQ("502", status(reply_to(post(), "Status: 1000\n\n")));
  EXPECT_EQ("502", status(reply_to(post(), "Content-Type: a\rb\n\n")));
}

TEST_F(CgiTest, KeepsTheConnectionAfterAnUploadThatWasRead) {
  configure();
  TestPeer& client = post("body");
  const std::string reply = reply_to(client, "Content-Type: a/b\nContent-Length: 2\n\nhi and more");
  EXPECT_TRUE(has(reply, "Content-Length: 2\r\n"));
  EXPECT_TRUE(reply.ends_with("\r\n\r\nhi"));

  client.input.clear();
  send(client, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(until([&] { return has(client.input, "200 OK"); }));
}

TEST_F(CgiTest, AnswersAHeadWithoutABody) {
  configure();
  TestPeer& client = ask("HEAD /admin/update HTTP/1.1\r\nHost: x\r\n\r\n");
  const std::string reply = reply_to(client, "Content-Type: a/b\n\nbody");

  EXPECT_TRUE(reply.ends_with("\r\n\r\n"));
  EXPECT_EQ("HEAD", run.variables["REQUEST_METHOD"]);
}

TEST_F(CgiTest, EndsTheConnectionOfAnOldClient) {
  configure();
  TestPeer& client = ask("GET /admin/update HTTP/1.0\r\n\r\n");
  const std::string reply = reply_to(client, "text");

  EXPECT_TRUE(until([&] { return client.ended; }));
  EXPECT_TRUE(client.input.ends_with("\r\n\r\ntext"));
}

TEST_F(CgiTest, AFailureBeforeAnyOutputIsAnError) {
  configure();
  EXPECT_EQ("500", status(reply_to(post(), "", RunPhase::failed)));
  EXPECT_EQ("502", status(reply_to(post(), "", RunPhase::broken)));
  EXPECT_EQ("502", status(reply_to(post(), "Content-Type: a/b\n", RunPhase::broken)));
}

TEST_F(CgiTest, AFailedJobHasSaidWhatItHadToSay) {
  configure();
  const std::string reply =
      reply_to(post(), "Status: 422 No\nContent-Type: a/b\n\nbad line 7", RunPhase::failed);

  EXPECT_EQ("422", status(reply));
  EXPECT_TRUE(reply.ends_with("bad line 7\r\n0\r\n\r\n"));
}

TEST_F(CgiTest, AReplyThatWasCutShortShowsIt) {
  configure();
  TestPeer& client = post();
  tell(RunPhase::accepted);
  print("half of");
  EXPECT_TRUE(until([&] { return has(client.input, "half of"); }));
  end(RunPhase::broken);

  EXPECT_TRUE(until([&] { return client.ended; }));
  EXPECT_FALSE(client.input.ends_with("0\r\n\r\n"));
}

TEST_F(CgiTest, OneRunAtATime) {
  configure();
  TestPeer& first = post();
  tell(RunPhase::accepted);
  EXPECT_EQ("409", status(get("/admin/update")));
  EXPECT_EQ(1U, host->count<control::RunJob>());
  EXPECT_TRUE(reply_to(first, "done").ends_with("0\r\n\r\n"));

  // PID 1 knows of runs that are not ours.
  TestPeer& second = post();
  tell(RunPhase::busy);
  EXPECT_TRUE(until([&] { return has(second.input, "409 Conflict"); }));
  TestPeer& third = post();
  tell(RunPhase::refused);
  EXPECT_TRUE(until([&] { return has(third.input, "503 Service"); }));
}

TEST_F(CgiTest, AClientThatLeavesEndsTheRun) {
  configure();
  TestPeer& client = post();
  tell(RunPhase::accepted);
  print("a line\n");
  EXPECT_TRUE(until([&] { return has(client.input, "a line"); }));
  ::linger reset{1, 0};
  ::setsockopt(client.fd().raw(), SOL_SOCKET, SO_LINGER, &reset, sizeof reset);
  client.close();

  EXPECT_TRUE(until([&] { return host->count<control::StopRun>() == 1; }));
  EXPECT_EQ(run.id, host->last<control::StopRun>().id);
  EXPECT_EQ("", body()) << "its input has ended";
  // Until PID 1 says so it is not over.
  EXPECT_EQ("409", status(get("/admin/update")));
  end(RunPhase::broken);
  turns(5);
  EXPECT_EQ("200", status(reply_to(post(), "again")));
}

TEST_F(CgiTest, AClientThatLeavesBeforeAnyOutputEndsTheRun) {
  configure();
  TestPeer& client = post();
  tell(RunPhase::accepted);
  turns(5);
  client.close();

  EXPECT_TRUE(until([&] { return host->count<control::StopRun>() == 1; }));
}

TEST_F(CgiTest, AJobMayTakeLongAndAClientMayNot) {
  configure();
  TestPeer& patient = post();
  tell(RunPhase::accepted);
  turns(5);
  pass(config.spec.upstream_timeout * 3);
  EXPECT_EQ("200", status(reply_to(patient, "at last")));

  TestPeer& slow = ask("POST /admin/update HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nslow");
  tell(RunPhase::accepted);
  EXPECT_EQ("slow", body(4));
  pass(config.spec.upstream_timeout + Milliseconds(1'000));
  EXPECT_TRUE(until([&] { return has(slow.input, "408 Request Timeout"); }));
  EXPECT_EQ(1U, host->count<control::StopRun>());
}

TEST_F(CgiTest, RefusesABodyThatIsTooLarge) {
  config.spec.max_body = Bytes{4};
  configure();
  EXPECT_EQ("413", status(get("/admin/update", "Content-Length: 5\r\n", "POST")));
  TestPeer& client = ask(
      "POST /admin/update HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nlarge\r\n");
  tell(RunPhase::accepted);

  EXPECT_TRUE(until([&] { return has(client.input, "413 Content"); }));
  EXPECT_EQ(1U, host->count<control::StopRun>());
}

TEST_F(CgiTest, OnlyTheUsersOfTheRouteMayUseIt) {
  ask_for_passwords();
  route().allowed_users = {"ann"};
  // Even where everybody else may come in.
  config.spec.auth_public = {"/admin/"};
  configure();

  EXPECT_EQ("401", status(get("/admin/update")));
  EXPECT_EQ("403", status(get("/admin/update", kBob)));
  EXPECT_EQ(0U, host->count<control::RunJob>());
  ask(std::string("GET /admin/update HTTP/1.1\r\nHost: x\r\n") + kAnn + "\r\n");
  EXPECT_EQ("ann", run.variables["REMOTE_USER"]);
  EXPECT_EQ("Basic", run.variables["AUTH_TYPE"]);
}

TEST_F(CgiTest, OtherMethodsGoOn) {
  configure();

  EXPECT_EQ("404", status(get("/admin/update", "", "DELETE")));
}

TEST_F(CgiTest, RunsInMaintenanceToo) {
  config.maintenance = true;
  configure();

  EXPECT_EQ("200", status(reply_to(post(), "done")));
}

}  // namespace
}  // namespace berth::proxy
