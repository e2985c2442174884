// Heads: what is accepted, what is refused, and that portions do not matter.
#include "proxy/http_head.h"

#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

namespace berth::proxy {
namespace {

struct Parsed {
  HeadOutcome outcome = HeadOutcome::more;
  std::size_t used = 0;
  HttpHead head;
};

/// Feeds `bytes` in portions of `portion`.
Parsed parse(std::string_view bytes, HeadKind kind, std::size_t portion) {
  Parsed result;
  HeadParser parser;
  parser.start(kind, result.head);
  while (result.outcome == HeadOutcome::more && result.used < bytes.size()) {
    std::size_t used = 0;
    result.outcome = parser.feed(bytes.substr(result.used, portion), used);
    result.used += used;
  }
  return result;
}

/// Feeds `bytes` in every portion size, and in two parts split at every byte: all must agree.
Parsed parse_every_way(std::string_view bytes, HeadKind kind = HeadKind::request) {
  const Parsed whole = parse(bytes, kind, bytes.size());
  for (std::size_t split = 1; split < bytes.size(); ++split) {
    const Parsed parts = parse(bytes, kind, split);
    EXPECT_EQ(parts.outcome, whole.outcome) << bytes << "\nin portions of " << split;
    if (whole.outcome != HeadOutcome::complete)
      continue;
    EXPECT_EQ(parts.used, whole.used);
    EXPECT_EQ(parts.head.raw, whole.head.raw);
    EXPECT_EQ(parts.head.fields.size(), whole.head.fields.size());
    EXPECT_EQ(parts.head.body, whole.head.body);
    for (std::size_t i = 0; i < whole.head.fields.size(); ++i)
      EXPECT_EQ(parts.head.value_of(parts.head.fields[i]),
                whole.head.value_of(whole.head.fields[i]));
  }
  return whole;
}

HeadOutcome request_outcome(std::string_view bytes) {
  return parse_every_way(bytes).outcome;
}

constexpr std::string_view kPlain = "GET /a?b=c HTTP/1.1\r\nHost: x\r\n\r\n";

TEST(HttpHead, ReadsARequest) {
  const Parsed got = parse_every_way(
      "POST /a/b?c=d HTTP/1.1\r\nHost: example.org\r\nEmpty:\r\nContent-Length:  12 \r\n\r\nbody");

  ASSERT_EQ(got.outcome, HeadOutcome::complete);
  EXPECT_EQ(got.head.text(got.head.method_text), "POST");
  EXPECT_EQ(got.head.text(got.head.target), "/a/b?c=d");
  EXPECT_EQ(got.head.value(HeaderName::host), "example.org");
  EXPECT_EQ(got.head.value(HeaderName::content_length), "12");
  EXPECT_EQ(got.head.name_of(got.head.fields[1]), "Empty");
  EXPECT_EQ(got.head.value_of(got.head.fields[1]), "");
  EXPECT_EQ(got.head.body, BodyKind::length);
  EXPECT_EQ(got.head.content_length, 12U);
  EXPECT_TRUE(got.head.keep_alive);
}

TEST(HttpHead, TakesNothingBehindTheEmptyLine) {
  const std::string two = std::string(kPlain) + std::string(kPlain);

  const Parsed got = parse_every_way(two);

  EXPECT_EQ(got.outcome, HeadOutcome::complete);
  EXPECT_EQ(got.used, kPlain.size());
}

TEST(HttpHead, IgnoresEmptyLinesBeforeTheRequest) {
  EXPECT_EQ(request_outcome("\r\n\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n"), HeadOutcome::complete);
}

TEST(HttpHead, ReadsAResponse) {
  const Parsed got = parse_every_way("HTTP/1.1 404 Not here\r\nTransfer-Encoding: chunked\r\n\r\n",
                                     HeadKind::response);

  ASSERT_EQ(got.outcome, HeadOutcome::complete);
  EXPECT_EQ(got.head.status, 404);
  EXPECT_EQ(got.head.body, BodyKind::chunked);
}

TEST(HttpHead, AResponseWithoutLengthEndsWithItsConnection) {
  const Parsed got = parse_every_way("HTTP/1.0 200 OK\r\n\r\n", HeadKind::response);

  ASSERT_EQ(got.outcome, HeadOutcome::complete);
  EXPECT_EQ(response_body_kind(got.head, false), BodyKind::until_close);
  EXPECT_EQ(response_body_kind(got.head, true), BodyKind::none);
}

TEST(HttpHead, RefusesWhatCouldBeReadInTwoWays) {
  const std::vector<std::string_view> smuggled = {
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3, 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent_Length: 3\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer_Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 3\r\n\r\n",
      "POST / HTTP/1.0\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
      "chunked\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nX_Remote_User: root\r\n\r\n",
      "GET / HTTP/1.1\r\n Host: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n\tc\r\n\r\n",
      "GET / HTTP/1.1\nHost: x\n\n",
      "GET / HTTP/1.1\r\nHost: x\nA: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\rA: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\rB: c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA b: c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\n: c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA[]: c\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\n\r\n",
      "GET /\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /a b HTTP/1.1\r\nHost: x\r\n\r\n",
      "GE T / HTTP/1.1\r\nHost: x\r\n\r\n",
      "get / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET  / HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / http/1.1\r\nHost: x\r\n\r\n",
      "OPTIONS / RTSP/1.0\r\nHost: x\r\n\r\n",
      "SOURCE / ICE/1.0\r\nHost: x\r\n\r\n",
      "GET /\x01 HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET /\x0b HTTP/1.1\r\nHost: x\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\x01\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\x0b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA: b\x7f\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA\x01: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA\xc3\xa9: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: x\r\nA\t: b\r\n\r\n",
      "GET / HTTP/1.1\r\nHost : x\r\n\r\n",
      "\x16\x03\x01\x02",
  };
  for (const std::string_view each : smuggled)
    EXPECT_EQ(request_outcome(each), HeadOutcome::malformed) << each;
}

TEST(HttpHead, RefusesANulAnywhere) {
  EXPECT_EQ(request_outcome(std::string_view("GET / HTTP/1.1\r\nHost: x\r\nA: b\0c\r\n\r\n", 36)),
            HeadOutcome::malformed);
}

TEST(HttpHead, RefusesOtherTransferCodings) {
  for (const std::string_view coding :
       {"gzip, chunked", "chunked, identity", "identity", "xchunked", "chunked;q=1", "blegh",
        "chunked,", "chunked, chunked", ",chunked", "\"chunked\"",
        "\xa0"
        "chunked",
        "chunked\t\x0b", "", "chunkedchunkedchunkedchunkedchunkedchunkedchunkedchunked"}) {
    const std::string text =
        "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: " + std::string(coding) + "\r\n\r\n";
    const HeadOutcome outcome = request_outcome(text);
    EXPECT_TRUE(outcome == HeadOutcome::encoding_unsupported || outcome == HeadOutcome::malformed)
        << coding;
  }
}

TEST(HttpHead, RefusesOtherVersionsAndMethods) {
  EXPECT_EQ(request_outcome("GET / HTTP/2.0\r\nHost: x\r\n\r\n"), HeadOutcome::version_unsupported);
  EXPECT_EQ(request_outcome("GET / HTTP/1.2\r\nHost: x\r\n\r\n"), HeadOutcome::version_unsupported);
  for (const std::string_view version : {"HTTP/1.1 ", "HTTP/01.1", "HTTP/1.", "HTTP/1.10"})
    EXPECT_EQ(request_outcome("GET / " + std::string(version) + "\r\nHost: x\r\n\r\n"),
              HeadOutcome::version_unsupported)
        << version;
  EXPECT_EQ(request_outcome("TRACE / HTTP/1.1\r\nHost: x\r\n\r\n"), HeadOutcome::method_refused);
  EXPECT_EQ(request_outcome("CONNECT a:1 HTTP/1.1\r\nHost: x\r\n\r\n"),
            HeadOutcome::method_refused);
}

TEST(HttpHead, TellsAnUnknownMethodFromNone) {
  for (const std::string_view line : {"FOO / ", "GETS / ", "BREW-IT / ", "SPAM"})
    EXPECT_EQ(request_outcome(std::string(line) + "HTTP/1.1\r\nHost: x\r\n\r\n"),
              HeadOutcome::method_unknown)
        << line;
  for (const std::string_view line :
       {"get / ", "G:T / ", "Get / ", "\x16\x03\x01 ", "1 / ", " GET / "})
    EXPECT_EQ(request_outcome(std::string(line) + "HTTP/1.1\r\nHost: x\r\n\r\n"),
              HeadOutcome::malformed)
        << line;
}

TEST(HttpHead, LimitsTargetFieldsAndTheWhole) {
  const std::string long_target =
      "GET /" + std::string(kMaxTarget, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n";
  std::string many = "GET / HTTP/1.1\r\nHost: x\r\n";
  for (std::size_t i = 0; i < kMaxFields; ++i)
    many += "A: b\r\n";
  const std::string large =
      "GET / HTTP/1.1\r\nHost: x\r\nA: " + std::string(kMaxHead, 'a') + "\r\n\r\n";

  for (const std::size_t portion : {std::size_t{1}, std::size_t{100}, std::size_t{100'000}}) {
    EXPECT_EQ(parse(long_target, HeadKind::request, portion).outcome, HeadOutcome::target_too_long);
    EXPECT_EQ(parse(many + "\r\n", HeadKind::request, portion).outcome, HeadOutcome::too_large);
    EXPECT_EQ(parse(large, HeadKind::request, portion).outcome, HeadOutcome::too_large);
  }
}

TEST(HttpHead, FindsTheUpgradeInAListOfTokens) {
  const Parsed got = parse_every_way(
      "GET /cable HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: "
      "websocket\r\n\r\n");

  EXPECT_EQ(got.outcome, HeadOutcome::complete);
  EXPECT_TRUE(got.head.wants_upgrade);
}

TEST(HttpHead, KeepsAliveByVersionAndConnection) {
  EXPECT_TRUE(parse_every_way(kPlain).head.keep_alive);
  EXPECT_FALSE(
      parse_every_way("GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").head.keep_alive);
  EXPECT_FALSE(parse_every_way("GET / HTTP/1.0\r\n\r\n").head.keep_alive);
  EXPECT_TRUE(parse_every_way("GET / HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n").head.keep_alive);
}

}  // namespace
}  // namespace berth::proxy
