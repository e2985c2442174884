// What is answered without a unit, and in which order: health, login, files, maintenance, refusals.
#include "tests/proxy/gate_world.h"

namespace berth::proxy {
namespace {

TEST_F(GateTest, AnswersHealthBeforeAnythingElse) {
  config.maintenance = true;
  ask_for_passwords();
  configure();

  EXPECT_TRUE(get("/up").ends_with("\r\n\r\nok\n"));
  EXPECT_EQ(status(get("/up", "", "HEAD")), "200");
  EXPECT_FALSE(get("/up", "", "HEAD").ends_with("ok\n"));
}

TEST_F(GateTest, ServesFilesWithTypeTagAndDate) {
  serve_files();
  config.spec.cache = {{"/showcase/assets/", Milliseconds(3'600'000), true}};
  configure();
  const std::string reply = get("/showcase/assets/app.js");

  EXPECT_EQ(status(reply), "200");
  EXPECT_TRUE(has(reply, "Content-Type: text/javascript; charset=utf-8\r\nContent-Length: 10\r\n"));
  EXPECT_TRUE(has(reply, "Cache-Control: public, max-age=3600, immutable\r\n"));
  EXPECT_TRUE(reply.ends_with("\r\n\r\nlet a = 1;"));
  const std::size_t tag = reply.find("ETag: ");
  const std::string etag = reply.substr(tag + 6, reply.find("\r\n", tag) - tag - 6);
  const std::size_t date = reply.find("Last-Modified: ");
  const std::string modified = reply.substr(date + 15, 29);
  EXPECT_EQ(status(get("/showcase/assets/app.js", "If-None-Match: \"x\", W/" + etag + "\r\n")),
            "304");
  EXPECT_EQ(status(get("/showcase/assets/app.js", "If-Modified-Since: " + modified + "\r\n")),
            "304");
  EXPECT_EQ(status(get("/showcase/assets/app.js", "If-None-Match: \"x\"\r\n")), "200");
}

TEST_F(GateTest, AnswersMaintenanceInTheFormThatIsWeighedMost) {
  config.maintenance = true;
  configure();
  const auto is_json = [&](const std::string& accept) {
    const std::string reply = get("/showcase/2025/boston/", "Accept: " + accept + "\r\n");
    EXPECT_EQ(status(reply), "503");
    return has(reply, "Content-Type: application/json\r\n");
  };

  EXPECT_TRUE(is_json("application/json"));
  EXPECT_TRUE(is_json("application/json, text/javascript, */*; q=0.01"));
  EXPECT_TRUE(is_json("text/html;q=0.5, application/vnd.api+json;q=0.6"));
  EXPECT_FALSE(is_json("text/html,application/xhtml+xml,application/json;q=0.9,*/*;q=0.8"));
  EXPECT_FALSE(is_json("*/*"));
}

TEST_F(GateTest, ServesRanges) {
  serve_files();
  configure();
  const auto range = [&](const std::string& value) {
    return get("/showcase/assets/app.js", "Range: bytes=" + value + "\r\n");
  };
  EXPECT_TRUE(has(range("4-4"), "Content-Range: bytes 4-4/10\r\n"));
  EXPECT_TRUE(range("4-4").ends_with("\r\n\r\na"));
  EXPECT_TRUE(range("-2").ends_with("\r\n\r\n1;"));
  EXPECT_TRUE(range("8-100").ends_with("\r\n\r\n1;"));
  EXPECT_TRUE(has(range("10-"), "Content-Range: bytes */10\r\n"));
  EXPECT_EQ(status(range("10-")), "416");
  EXPECT_EQ(status(range("0-1,3-4")), "200");
  EXPECT_EQ(status(range("x")), "200");
}

TEST_F(GateTest, LetsEverythingElseFallThrough) {
  serve_files();
  configure();
  std::filesystem::create_symlink("/etc/passwd", root / "assets/passwd.js");
  ASSERT_EQ(::mkfifo((root / "assets/fifo.js").c_str(), 0600), 0);
  for (const std::string path :
       {"/showcase/assets/app.js/foo.css", "/showcase/assets", "/showcase/assets/",
        "/showcase/assets/.hidden.js", "/showcase/assets/passwd.js", "/showcase/assets/fifo.js",
        "/showcase/assets/none.js", "/assets/app.js"})
    EXPECT_EQ(status(get(path)), "404") << path;
  EXPECT_EQ(status(get("/showcase/" + std::string(300, 'a'))), "404");
  EXPECT_EQ(status(get("/showcase/assets/app.js", "", "DELETE")), "404");
}

TEST_F(GateTest, ServesAllowedExtensionsOnly) {
  serve_files();
  config.spec.static_extensions = {"js"};
  configure();

  EXPECT_EQ(status(get("/showcase/assets/app.js")), "200");
  EXPECT_EQ(status(get("/showcase/index.html")), "404");
}

TEST_F(GateTest, ShowsThePageOfTheSiteInMaintenance) {
  serve_files();
  config.maintenance = true;
  config.spec.maintenance_page = "/503.html";
  configure();
  const std::string reply = get("/showcase/2025/boston/");

  EXPECT_EQ(status(reply), "503");
  EXPECT_TRUE(has(reply, "Retry-After: 5\r\nCache-Control: no-store\r\n"));
  EXPECT_TRUE(reply.ends_with("<p>closed for today</p>"));
  EXPECT_EQ(status(get("/showcase/assets/app.js")), "200");
  EXPECT_TRUE(get("/x", "Accept: application/json\r\n")
                  .ends_with("{\"status\":503,\"error\":\"Service Unavailable\"}\n"));
  EXPECT_TRUE(get("/x", "", "HEAD").ends_with("\r\n\r\n"));
  EXPECT_EQ(host->count<control::Acquire>(), 0U);
}

TEST_F(GateTest, ShowsAPageThatReloadsItself) {
  config.maintenance = true;
  configure();

  EXPECT_TRUE(has(get("/"), "<meta http-equiv=\"refresh\" content=\"5\">"));
}

TEST_F(GateTest, RedirectsToTheSlashAndKeepsTheQuery) {
  configure();

  EXPECT_TRUE(has(get("/showcase/2025/boston?a=b"), "302 Found\r\n"));
  EXPECT_TRUE(has(get("/showcase/2025/boston?a=b"), "Location: /showcase/2025/boston/?a=b\r\n"));
  EXPECT_EQ(status(get("/showcase/2025/boston", "Content-Length: 0\r\n", "POST")), "307");
}

TEST_F(GateTest, AsksForALogin) {
  ask_for_passwords();
  config.spec.auth_realm = "Show \"case\"";
  configure();

  EXPECT_TRUE(has(get("/nope"),
                  "WWW-Authenticate: Basic realm=\"Show \\\"case\\\"\", "
                  "charset=\"UTF-8\"\r\n"));
  EXPECT_EQ(status(get("/nope", kWrong)), "401");
  EXPECT_EQ(status(get("/nope", kNobody)), "401");
  EXPECT_EQ(status(get("/nope", "Authorization: Basic !!\r\n")), "401");
  EXPECT_EQ(status(get("/nope", "Authorization: Bearer x\r\n")), "401");
  EXPECT_EQ(status(get("/nope", kAnn)), "404");
  EXPECT_EQ(status(get("/nope", kBob)), "404");
  EXPECT_EQ(status(get("/nope", kBob)), "404");
  EXPECT_EQ(status(get("/nope", std::string(kAnn) + kBob)), "400");
}

TEST_F(GateTest, TellsTheUnitWhoHasLoggedIn) {
  ask_for_passwords();
  configure();
  TestPeer& client = connect();
  send(client, std::string("GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n"
                           "X-Remote-User: root\r\n") +
                   kAnn + "\r\n");
  until([&] { return host->count<control::Acquire>() == 1; });
  grant();
  TestPeer& backend = accept();
  until([&] { return backend.input.ends_with("\r\n\r\n"); });

  EXPECT_TRUE(has(backend.input, "X-Remote-User: ann\r\n"));
  EXPECT_FALSE(has(backend.input, "root"));
  EXPECT_TRUE(has(backend.input, kAnn));
}

TEST_F(GateTest, NoticesAChangedPasswordFile) {
  ask_for_passwords();
  configure();
  EXPECT_EQ(status(get("/nope", kAnn)), "404");
  write("htpasswd", "# nobody\n");
  clock.advance(Milliseconds(1'500));
  EXPECT_EQ(status(get("/nope", kAnn)), "401");
  std::filesystem::remove(root / "htpasswd");
  clock.advance(Milliseconds(1'500));
  EXPECT_EQ(status(get("/nope", kAnn)), "503");
}

TEST_F(GateTest, OpensPublicPathsAndNothingThatLooksLikeThem) {
  serve_files();
  ask_for_passwords();
  config.spec.auth_public = {"/showcase/assets/", "/exact", "*.html"};
  configure();

  EXPECT_EQ(status(get("/showcase/assets/app.js")), "200");
  EXPECT_EQ(status(get("/exact")), "404");
  EXPECT_EQ(status(get("/exact/x")), "401");
  EXPECT_EQ(status(get("/showcase/index.html")), "200");
  // A suffix opens what a static file answers, and no dynamic route.
  EXPECT_EQ(status(get("/showcase/2025/boston/people.html")), "401");
  // Dots lead nowhere.
  EXPECT_EQ(status(get("/showcase/assets/../2025/boston/people")), "401");
  EXPECT_EQ(status(get("/showcase/assets/%2e%2e/2025/boston/people")), "400");
  EXPECT_EQ(status(get("/showcase/assets/..%2f2025/boston/people")), "404");
}

TEST_F(GateTest, AsksNoLoginWhereTheTenantNeedsNone) {
  ask_for_passwords();
  add_tenant("tenant@open", "/open/");
  config.tenants[1].auth = false;
  config.tenants[0].public_paths = {"/info"};
  config.maintenance = true;
  configure();

  EXPECT_EQ(status(get("/open/x")), "503");
  EXPECT_EQ(status(get("/showcase/2025/boston/info")), "503");
  EXPECT_EQ(status(get("/showcase/2025/boston/x")), "401");
}

TEST_F(GateTest, SendsUpstreamWhatItHasDecidedBy) {
  configure();
  const std::vector<std::pair<std::string, std::string>> targets = {
      {"/showcase/2025/boston/a%20b?c=/../d", "/showcase/2025/boston/a%20b?c=/../d"},
      {"/x/../showcase/2025/boston/a", "/showcase/2025/boston/a"},
      {"/showcase//2025/boston/a", "/showcase/2025/boston/a"},
      {"http://y:8080/showcase/2025/boston/a?b", "/showcase/2025/boston/a?b"},
      {"/showcase/2025/boston/a%2fb", "/showcase/2025/boston/a%2fb"}};
  for (const auto& [sent, wanted] : targets) {
    TestPeer& client = connect();
    send(client, "POST " + sent + " HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
    if (host->count<control::Usage>() == 0)
      grant();
    TestPeer& backend = accept();
    EXPECT_TRUE(gets(backend, "POST " + wanted + " HTTP/1.1\r\n")) << sent;
    client.close();
  }
}

TEST_F(GateTest, RewritesThePrefixOfARoute) {
  config.route_backends.push_back(0);
  RouteSpec route;
  route.prefix = "/showcase/cable";
  route.unit = "tenant@2025-boston";
  route.to = "/cable";
  route.methods = {"POST"};
  config.spec.routes.push_back(route);
  configure();
  send(connect(), "POST /showcase/cable/x?y HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n");
  grant();

  EXPECT_TRUE(gets(accept(), "POST /cable/x?y HTTP/1.1\r\n"));
  EXPECT_EQ(status(get("/showcase/cable/x")), "404");
}

TEST_F(GateTest, BelievesForwardingFieldsOfTrustedPeersOnly) {
  const std::string request =
      "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: inner\r\nContent-Length: 0\r\n"
      "X-Forwarded-For: 192.0.2.7\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\n"
      "Connection: close, X-Secret\r\nX-Secret: 1\r\nProxy: evil\r\nTE: gzip\r\n\r\n";
  configure();
  send(connect(), request);
  grant();
  TestPeer& untrusted = accept();
  until([&] { return untrusted.input.ends_with("\r\n\r\n"); });
  EXPECT_TRUE(has(untrusted.input,
                  "X-Forwarded-For: 127.0.0.1\r\nX-Forwarded-Proto: http\r\n"
                  "X-Forwarded-Host: inner\r\n"));
  EXPECT_FALSE(has(untrusted.input, "192.0.2.7"));
  for (const std::string_view gone : {"X-Secret", "Proxy:", "gzip", "close"})
    EXPECT_FALSE(has(untrusted.input, gone)) << gone;

  config.spec.trust_proxy = {Network{{127, 0, 0, 0}, 8}};
  configure();
  send(connect(), request);
  TestPeer& trusted = accept();
  until([&] { return trusted.input.ends_with("\r\n\r\n"); });
  EXPECT_TRUE(has(trusted.input,
                  "X-Forwarded-For: 192.0.2.7, 127.0.0.1\r\n"
                  "X-Forwarded-Proto: https\r\nX-Forwarded-Host: outer\r\n"));
}

TEST_F(GateTest, RefusesBadRequestsAndCloses) {
  configure();
  const std::vector<std::pair<std::string, std::string>> bad = {
      {"nonsense\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\n\r\n", "400"},
      {"GET /%00 HTTP/1.1\r\nHost: x\r\n\r\n", "400"},
      {"GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "400"},
      {"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n", "501"},
      {"GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n", "414"},
      {"GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(70'000, 'a') + "\r\n\r\n", "431"},
      {"TRACE / HTTP/1.1\r\nHost: x\r\n\r\n", "405"},
      {"GET / HTTP/1.3\r\nHost: x\r\n\r\n", "505"}};
  for (const auto& [request, wanted] : bad) {
    TestPeer& client = connect();
    send(client, request);
    EXPECT_TRUE(gets(client, "HTTP/1.1 ")) << request.substr(0, 100);
    EXPECT_EQ(client.input.substr(0, 3), wanted) << request.substr(0, 100);
    EXPECT_TRUE(ends(client));
  }
}

TEST_F(GateTest, TimesOutASlowHead) {
  configure();
  TestPeer& silent = connect();
  TestPeer& slow = connect();
  send(slow, "GET / HT");
  pass(Milliseconds(10'200));

  EXPECT_TRUE(gets(slow, "HTTP/1.1 408 "));
  EXPECT_TRUE(ends(slow));
  EXPECT_TRUE(ends(silent));
  EXPECT_EQ(silent.input, "");
}

TEST_F(GateTest, LimitsBodies) {
  config.spec.max_body = Bytes{10};
  configure();
  TestPeer& large = connect();
  send(large, "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nContent-Length: 11\r\n\r\n");
  EXPECT_TRUE(gets(large, "HTTP/1.1 413 "));
  TestPeer& chunked = connect();
  send(chunked,
       "POST /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
       "b\r\n01234567890\r\n");
  grant();
  EXPECT_TRUE(gets(chunked, "HTTP/1.1 413 "));
  EXPECT_TRUE(ends(chunked));
}

TEST_F(GateTest, StopsAcceptingAtTheLimit) {
  config.spec.max_connections = 2;
  configure();
  TestPeer& one = connect();
  TestPeer& two = connect();
  turns(5);
  TestPeer& three = connect();
  send(three, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  turns(5);
  EXPECT_EQ(three.input, "");
  one.close();

  EXPECT_TRUE(gets(three, "ok\n"));
  EXPECT_FALSE(two.ended);
}

TEST_F(GateTest, AnswersEverythingWith503WhenBerthShutsDown) {
  configure();
  TestPeer& waiting = connect();
  send(waiting, kGet);
  turns(3);
  host->send(control::ShuttingDown{});
  EXPECT_TRUE(gets(waiting, "HTTP/1.1 503 "));
  EXPECT_EQ(status(get("/up")), "503");
}

TEST_F(GateTest, DrainsAndEnds) {
  configure();
  TestPeer& idle = connect();
  send(idle, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  gets(idle, "ok\n");
  TestPeer& busy = connect();
  send(busy, kGet);
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  host->send(control::Drain{Milliseconds(10'000)});
  EXPECT_TRUE(ends(idle));
  EXPECT_FALSE(server->is_over());
  send(backend, kOk);
  EXPECT_TRUE(gets(busy, "ok"));

  EXPECT_TRUE(ends(busy));
  busy.close();
  EXPECT_TRUE(until([&] { return server->is_over(); }));
  EXPECT_EQ(server->run(), 0);
}

TEST_F(GateTest, TakesLeaveOfItsClientsWhenAnotherProcessHasTakenOver) {
  configure();
  TestPeer& quick = connect();
  TestPeer& slow = connect();
  for (TestPeer* peer : {&quick, &slow}) {
    send(*peer, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
    gets(*peer, "ok\n");
  }
  TestPeer& waiting = connect();
  send(waiting, kGet);
  turns(3);
  host->send(control::Drain{Milliseconds(10'000), true});
  turns(3);

  send(quick, "GET /up HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(gets(quick, "Connection: close"));
  EXPECT_TRUE(gets(quick, "ok\n"));
  EXPECT_TRUE(ends(quick));
  EXPECT_FALSE(slow.ended);
  pass(Milliseconds(1'100));
  EXPECT_TRUE(ends(slow));
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(backend, kOk);
  EXPECT_TRUE(gets(waiting, "\r\n\r\nok"));
  quick.close();
  waiting.close();
  EXPECT_TRUE(until([&] { return server->is_over(); }));
}

TEST_F(GateTest, GivesBackWhatNobodyUsesWhenAnotherProcessHasTakenOver) {
  configure();
  TestPeer& busy = connect();
  send(busy, "GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
  grant();
  TestPeer& backend = accept();
  gets(backend, "\r\n\r\n");
  send(backend, kOk);
  gets(busy, "ok");
  TestPeer& open = connect();
  turns(3);

  host->send(control::Drain{Milliseconds(10'000), true});

  EXPECT_TRUE(until([&] { return host->count<control::Returned>() == 1; }));
  EXPECT_FALSE(open.ended);
}

TEST_F(GateTest, EndsADrainAfterItsGrace) {
  configure();
  TestPeer& busy = connect();
  send(busy, kGet);
  grant();
  gets(accept(), "\r\n\r\n");
  host->send(control::Drain{Milliseconds(1'000)});
  turns(3);
  pass(Milliseconds(1'200));

  EXPECT_TRUE(server->is_over());
  EXPECT_EQ(server->run(), 0);
}

TEST_F(GateTest, EndsWithPid1) {
  configure();
  host->hang_up();

  EXPECT_TRUE(until([&] { return server->is_over(); }));
  EXPECT_EQ(server->run(), 1);
}

TEST_F(GateTest, KeepsItsRoutesWhenANewTableIsBroken) {
  configure();
  host->send(control::Configure{9});
  turns(3);

  EXPECT_EQ(host->last<control::Configured>().generation, 1U);
  EXPECT_EQ(status(get("/up")), "200");
}

}  // namespace
}  // namespace berth::proxy
