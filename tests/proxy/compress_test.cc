// Replies of units, compressed on their way.
#include <brotli/decode.h>
#include <zlib.h>

#include "tests/proxy/proxy_world.h"

namespace berth::proxy {
namespace {

/// What the gzip stream says so far; `ended`: whether its end was there.
std::string gunzip(const std::string& bytes, bool* ended = nullptr) {
  z_stream stream{};
  EXPECT_EQ(Z_OK, ::inflateInit2(&stream, 15 + 16));
  std::string input = bytes;
  std::string text(std::size_t{1} << 20, '\0');
  stream.next_in = reinterpret_cast<Bytef*>(input.data());
  stream.avail_in = static_cast<uInt>(input.size());
  stream.next_out = reinterpret_cast<Bytef*>(text.data());
  stream.avail_out = static_cast<uInt>(text.size());
  const int result = ::inflate(&stream, Z_SYNC_FLUSH);
  if (ended != nullptr)
    *ended = result == Z_STREAM_END;
  text.resize(text.size() - stream.avail_out);
  ::inflateEnd(&stream);
  return text;
}

std::string unbrotli(const std::string& bytes) {
  std::string text(std::size_t{1} << 20, '\0');
  std::size_t size = text.size();
  EXPECT_EQ(
      BROTLI_DECODER_RESULT_SUCCESS,
      ::BrotliDecoderDecompress(bytes.size(), reinterpret_cast<const std::uint8_t*>(bytes.data()),
                                &size, reinterpret_cast<std::uint8_t*>(text.data())));
  text.resize(size);
  return text;
}

/// The payload of a chunked body, as far as it is there.
std::string unchunk(std::string_view body) {
  std::string payload;
  while (true) {
    const std::size_t line = body.find("\r\n");
    if (line == std::string_view::npos)
      return payload;
    const std::size_t size = std::stoul(std::string(body.substr(0, line)), nullptr, 16);
    if (size == 0)
      return payload;
    payload += body.substr(line + 2, size);
    body.remove_prefix(std::min(line + 2 + size + 2, body.size()));
  }
}

class CompressTest : public ProxyWorld {
 protected:
  CompressTest() { config.spec.compress = true; }

  /// The answer of the unit to a GET with these fields, as the client gets it.
  std::string get(const std::string& fields, const std::string& answer) {
    TestPeer& client = connect();
    send(client, "GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" +
                     fields + "\r\n");
    grant();
    send(accept(), answer);
    until([&] { return client.ended; });
    return client.input;
  }
  static std::string with_length(const std::string& fields, const std::string& body) {
    return "HTTP/1.1 200 OK\r\n" + fields + "Content-Length: " + std::to_string(body.size()) +
           "\r\nConnection: close\r\n\r\n" + body;
  }
  static std::string body(const std::string& reply) {
    return reply.substr(reply.find("\r\n\r\n") + 4);
  }
  static bool has(const std::string& reply, std::string_view text) {
    return reply.find(text) != std::string::npos;
  }

  const std::string text = [] {
    std::string lines;
    for (int i = 0; i < 3'000; ++i)
      lines += "<li>heat " + std::to_string(i) + "</li>\n";
    return lines;
  }();
};

constexpr const char* kHtml = "Content-Type: text/html; charset=utf-8\r\n";
constexpr const char* kGzip = "Accept-Encoding: gzip\r\n";

TEST_F(CompressTest, CompressesTextByGzip) {
  configure();
  const std::string reply =
      get(kGzip, with_length(std::string(kHtml) + "ETag: \"a\"\r\nAccept-Ranges: bytes\r\n", text));

  EXPECT_TRUE(has(reply, "\r\nContent-Encoding: gzip\r\n"));
  EXPECT_TRUE(has(reply, "\r\nVary: Accept-Encoding\r\n"));
  EXPECT_TRUE(has(reply, "\r\nETag: W/\"a\"\r\n"));
  EXPECT_TRUE(has(reply, "\r\nTransfer-Encoding: chunked\r\n"));
  EXPECT_FALSE(has(reply, "Content-Length"));
  EXPECT_FALSE(has(reply, "Accept-Ranges"));
  bool ended = false;
  EXPECT_EQ(text, gunzip(unchunk(body(reply)), &ended));
  EXPECT_TRUE(ended);
  EXPECT_LT(reply.size(), text.size() / 3);
}

TEST_F(CompressTest, CompressesByBrotliWhereTheClientTakesIt) {
  configure();
  const std::string reply = get("Accept-Encoding: gzip, br, zstd\r\n", with_length(kHtml, text));

  EXPECT_TRUE(has(reply, "\r\nContent-Encoding: br\r\n"));
  EXPECT_EQ(text, unbrotli(unchunk(body(reply))));
}

TEST_F(CompressTest, EndsWhatEndsWithItsConnection) {
  configure();
  TestPeer& client = connect();
  send(client, "GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n" + std::string(kGzip) + "\r\n");
  grant();
  TestPeer& upstream = accept();
  send(upstream, "HTTP/1.1 200 OK\r\n" + std::string(kHtml) + "\r\n" + text);
  upstream.close();
  EXPECT_TRUE(gets(client, "\r\n\r\n"));
  EXPECT_TRUE(until([&] { return client.input.ends_with("\r\n0\r\n\r\n"); }));

  bool ended = false;
  EXPECT_EQ(text, gunzip(unchunk(client.input), &ended));
  EXPECT_TRUE(ended);
}

TEST_F(CompressTest, LeavesTheRestAsItIs) {
  configure();
  const auto is_plain = [&](const std::string& fields, const std::string& answer) {
    const std::string reply = get(fields, answer);
    return !has(reply, "\r\nContent-Encoding: gzip\r\n") && !has(reply, "ETag: W/");
  };

  EXPECT_TRUE(is_plain("", with_length(kHtml, text)));
  EXPECT_TRUE(is_plain("Accept-Encoding: gzip;q=0\r\n", with_length(kHtml, text)));
  EXPECT_TRUE(is_plain(kGzip, with_length("Content-Type: image/png\r\n", text)));
  EXPECT_TRUE(is_plain(kGzip, with_length(kHtml, "short")));
  EXPECT_TRUE(is_plain(kGzip, with_length(std::string(kHtml) + "Content-Encoding: br\r\n", text)));
  EXPECT_TRUE(
      is_plain(kGzip, with_length(std::string(kHtml) + "Cache-Control: no-transform\r\n", text)));
}

TEST_F(CompressTest, SaysThatAPlainReplyCouldBeAnother) {
  configure();
  const std::string reply = get("", with_length(kHtml, text));

  EXPECT_TRUE(has(reply, "\r\nVary: Accept-Encoding\r\n"));
  EXPECT_EQ(text, body(reply));
}

TEST_F(CompressTest, PassesEventsOnAsTheyCome) {
  configure();
  TestPeer& client = connect();
  send(client, "GET /showcase/2025/boston/ HTTP/1.1\r\nHost: x\r\n" + std::string(kGzip) + "\r\n");
  grant();
  TestPeer& upstream = accept();
  send(upstream,
       "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
       "9\r\ndata: 1\n\n\r\n");

  EXPECT_TRUE(gets(client, "\r\n\r\n"));
  EXPECT_TRUE(until([&] { return gunzip(unchunk(client.input)) == "data: 1\n\n"; }));
  send(upstream, "9\r\ndata: 2\n\n\r\n");
  EXPECT_TRUE(until([&] { return gunzip(unchunk(client.input)) == "data: 1\n\ndata: 2\n\n"; }));
}

TEST_F(CompressTest, IsOffUnlessAskedFor) {
  config.spec.compress = false;
  configure();

  EXPECT_EQ(text, body(get(kGzip, with_length(kHtml, text))));
}

}  // namespace
}  // namespace berth::proxy
