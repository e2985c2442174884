// A proxy with a folder of files and a password file, and what asks it one thing at a time.
#pragma once

#include <filesystem>
#include <fstream>

#include "tests/proxy/proxy_world.h"

namespace berth::proxy {

class GateTest : public ProxyWorld {
 protected:
  GateTest() {
    char name[] = "/tmp/berth-proxy-test-XXXXXX";
    root = ::mkdtemp(name);
    std::filesystem::create_directories(root / "assets");
    write("assets/app.js", "let a = 1;");
    write("assets/.hidden.js", "no");
    write("503.html", "<p>closed for today</p>");
    write("index.html", "index");
  }
  ~GateTest() override { std::filesystem::remove_all(root); }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(root / name) << text;
  }
  void serve_files() {
    config.spec.static_root = root;
    config.spec.static_prefix = "/showcase";
  }
  void ask_for_passwords() {
    // Both are "secret".
    write("htpasswd",
          "ann:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:$apr1$r31.....$G/cElGhD0cboYkZN5h5Ne/\n");
    config.spec.auth_htpasswd = root / "htpasswd";
  }
  /// A whole GET on a connection of its own; up to the end of the head if that is all.
  std::string get(const std::string& target, const std::string& fields = {},
                  const std::string& method = "GET") {
    TestPeer& client = connect();
    send(client,
         method + " " + target + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n" + fields + "\r\n");
    until([&] { return client.ended; });
    return client.input;
  }
  static std::string status(const std::string& reply) { return reply.substr(9, 3); }
  static bool has(const std::string& reply, std::string_view text) {
    return reply.find(text) != std::string::npos;
  }

  std::filesystem::path root;
};

inline constexpr const char* kAnn = "Authorization: Basic YW5uOnNlY3JldA==\r\n";
inline constexpr const char* kBob = "Authorization: Basic Ym9iOnNlY3JldA==\r\n";
inline constexpr const char* kWrong = "Authorization: Basic YW5uOndyb25n\r\n";
inline constexpr const char* kNobody = "Authorization: Basic bm9ib2R5OnNlY3JldA==\r\n";

}  // namespace berth::proxy
