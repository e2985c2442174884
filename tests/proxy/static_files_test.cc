// Which file answers a path, and in which form.
#include <filesystem>
#include <fstream>

#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

class StaticFilesTest : public ProxyWorld {
 protected:
  StaticFilesTest() {
    char name[] = "/tmp/berth-proxy-test-XXXXXX";
    root = ::mkdtemp(name);
    config.spec.static_root = root / "public";
    config.spec.static_prefix = "/s";
    write("app.js", "plain");
  }
  ~StaticFilesTest() override { std::filesystem::remove_all(root); }

  void write(const std::string& name, const std::string& text) const {
    const std::filesystem::path path = root / "public" / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  std::string get(const std::string& target, const std::string& fields = {}) {
    TestPeer& client = connect();
    send(client,
         "GET " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n");
    until([&] { return client.ended; });
    return client.input;
  }
  static std::string status(const std::string& reply) { return reply.substr(9, 3); }
  static std::string body(const std::string& reply) {
    return reply.substr(reply.find("\r\n\r\n") + 4);
  }
  static std::string field(const std::string& reply, const std::string& name) {
    const std::size_t at = reply.find("\r\n" + name + ": ");
    if (at == std::string::npos)
      return "";
    const std::size_t begin = at + name.size() + 4;
    return reply.substr(begin, reply.find("\r\n", begin) - begin);
  }

  std::filesystem::path root;
};

TEST_F(StaticFilesTest, TriesNamesBehindSlashesAndEndingsBehindOthers) {
  config.spec.try_files = {"index.html", ".html", "/index.htm"};
  write("studios/index.html", "studios");
  write("about.html", "about");
  write("old/index.htm", "old");
  write("aboutindex.html", "never");
  configure();

  EXPECT_EQ("studios", body(get("/s/studios/")));
  EXPECT_EQ("about", body(get("/s/about")));
  EXPECT_EQ("old", body(get("/s/old")));
  EXPECT_EQ("404", status(get("/s/studios")));
  EXPECT_EQ("404", status(get("/s/")));
}

TEST_F(StaticFilesTest, AddsTheSlashOfAFolderThatAnswers) {
  config.spec.try_files = {"index.html"};
  config.spec.trailing_slash = true;
  write("studios/index.html", "studios");
  write("empty/x", "");
  configure();
  const std::string reply = get("/s/studios?a=b");

  EXPECT_EQ("301", status(reply));
  EXPECT_EQ("/s/studios/?a=b", field(reply, "Location"));
  EXPECT_EQ("404", status(get("/s/empty")));
}

TEST_F(StaticFilesTest, TriesOnlyWhatIsAllowed) {
  config.spec.try_files = {".txt", ".html"};
  config.spec.static_extensions = {"html"};
  write("a.txt", "text");
  write("a.html", "page");
  configure();

  EXPECT_EQ("page", body(get("/s/a")));
  EXPECT_EQ("404", status(get("/s/a.txt")));
}

TEST_F(StaticFilesTest, SendsTheCompressedFormThatTheClientLikesBest) {
  config.spec.precompressed = true;
  write("app.js.gz", "gzipped");
  write("app.js.br", "brotli");
  write("app.js.zst", "zstandard");
  configure();
  const std::string reply = get("/s/app.js", "Accept-Encoding: gzip, deflate, br\r\n");

  EXPECT_EQ("brotli", body(reply));
  EXPECT_EQ("br", field(reply, "Content-Encoding"));
  EXPECT_EQ("Accept-Encoding", field(reply, "Vary"));
  EXPECT_EQ("text/javascript; charset=utf-8", field(reply, "Content-Type"));
  EXPECT_EQ("6", field(reply, "Content-Length"));
  const auto with = [&](const std::string& value) {
    return body(get("/s/app.js", "Accept-Encoding: " + value + "\r\n"));
  };
  EXPECT_EQ("gzipped", with("gzip;q=0.9, br;q=0.5"));
  EXPECT_EQ("zstandard", with("gzip, zstd, br;q=0"));
  EXPECT_EQ("brotli", with("*"));
  EXPECT_EQ("plain", with("*;q=0"));
  EXPECT_EQ("plain", with("gzip;q=0.000, identity"));
  EXPECT_EQ("plain", with("compress;q=x"));
  const std::string plain = get("/s/app.js");
  EXPECT_EQ("plain", body(plain));
  EXPECT_EQ("Accept-Encoding", field(plain, "Vary"));
  EXPECT_NE(field(plain, "ETag"), field(reply, "ETag"));
}

TEST_F(StaticFilesTest, AnswersConditionsForTheFormThatIsSent) {
  config.spec.precompressed = true;
  write("app.js.gz", "gzipped");
  configure();
  const std::string gzip = "Accept-Encoding: gzip\r\n";
  const std::string tag = field(get("/s/app.js", gzip), "ETag");

  EXPECT_EQ("304", status(get("/s/app.js", gzip + "If-None-Match: " + tag + "\r\n")));
  EXPECT_EQ("200", status(get("/s/app.js", "If-None-Match: " + tag + "\r\n")));
  const std::string part = get("/s/app.js", gzip + "Range: bytes=-3\r\nIf-Range: " + tag + "\r\n");
  EXPECT_EQ("206", status(part));
  EXPECT_EQ("ped", body(part));
  EXPECT_EQ("bytes 4-6/7", field(part, "Content-Range"));
  EXPECT_EQ("plain", body(get("/s/app.js", "Range: bytes=0-0\r\nIf-Range: " + tag + "\r\n")));
}

TEST_F(StaticFilesTest, LeavesACompressedFormThatIsOlder) {
  config.spec.precompressed = true;
  write("app.js.gz", "stale");
  std::filesystem::last_write_time(
      root / "public/app.js.gz",
      std::filesystem::last_write_time(root / "public/app.js") - std::chrono::hours(1));
  configure();

  EXPECT_EQ("plain", body(get("/s/app.js", "Accept-Encoding: gzip\r\n")));
}

TEST_F(StaticFilesTest, FollowsLinksAsTheUnitFileSays) {
  std::ofstream(root / "outside.txt") << "outside";
  std::filesystem::create_symlink("app.js", root / "public/inside.js");
  std::filesystem::create_symlink(root / "outside.txt", root / "public/out.txt");
  const auto answers = [&](Symlinks symlinks) {
    config.spec.symlinks = symlinks;
    configure();
    return status(get("/s/inside.js")) + " " + status(get("/s/out.txt"));
  };

  EXPECT_EQ("200 404", answers(Symlinks::below));
  EXPECT_EQ("404 404", answers(Symlinks::none));
  EXPECT_EQ("200 200", answers(Symlinks::any));
}

TEST_F(StaticFilesTest, NeverLeavesTheRoot) {
  std::ofstream(root / "outside.txt") << "outside";
  config.spec.symlinks = Symlinks::any;
  config.spec.try_files = {".txt"};
  configure();

  for (const char* path : {"/s/../outside.txt", "/s/%2e%2e/outside.txt", "/s/..%2foutside.txt",
                           "/s/.%2e/outside", "/s/x/../../outside.txt", "/s/%5c..%5coutside.txt",
                           "/s/..;/outside.txt", "/s/%252e%252e/outside.txt"})
    EXPECT_EQ(std::string::npos, get(path).find("outside\r\n")) << path;
  EXPECT_EQ("404", status(get("/s/..%2foutside.txt")));
}

TEST_F(StaticFilesTest, HidesNamesWithADotButTheWellKnownFolder) {
  write(".env", "secret");
  write(".git/config", "secret");
  write("a/.b/c.txt", "secret");
  write(".well-known/security.txt", "contact");
  write(".well-known/.secret", "secret");
  configure();

  for (const char* path :
       {"/s/.env", "/s/%2eenv", "/s/.git/config", "/s/a/.b/c.txt", "/s/.well-known/.secret"})
    EXPECT_EQ("404", status(get(path))) << path;
  EXPECT_EQ("contact", body(get("/s/.well-known/security.txt")));
}

TEST_F(StaticFilesTest, AnswersOnlyForTheFileThatTheClientMeans) {
  configure();
  const std::string reply = get("/s/app.js");
  const std::string tag = field(reply, "ETag");
  const std::string modified = field(reply, "Last-Modified");

  EXPECT_EQ("200", status(get("/s/app.js", "If-Match: \"x\", " + tag + "\r\n")));
  EXPECT_EQ("200", status(get("/s/app.js", "If-Match: *\r\n")));
  EXPECT_EQ("412", status(get("/s/app.js", "If-Match: \"x\"\r\n")));
  EXPECT_EQ("412", status(get("/s/app.js", "If-Match: W/" + tag + "\r\n")));
  EXPECT_EQ("200", status(get("/s/app.js", "If-Unmodified-Since: " + modified + "\r\n")));
  const std::string early = "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:37 GMT\r\n";
  EXPECT_EQ("412", status(get("/s/app.js", early)));
  // If-Match alone counts where there are both, and what is no date is none.
  EXPECT_EQ("200", status(get("/s/app.js", early + "If-Match: " + tag + "\r\n")));
  EXPECT_EQ("200", status(get("/s/app.js", "If-Unmodified-Since: yesterday\r\n")));
  EXPECT_EQ("", body(get("/s/app.js", early)));
}

}  // namespace
}  // namespace berth::proxy
