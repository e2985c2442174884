// berth-tls.so: the only code with OpenSSL.
#include <cstdio>
#include <memory>
#include <new>
#include <utility>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "proxy/tls_session.h"

namespace berth::proxy {
namespace {

struct FreeContext {
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
};
using Context = std::unique_ptr<SSL_CTX, FreeContext>;
struct FreeSession {
  void operator()(SSL* session) const { SSL_free(session); }
};
using Session = std::unique_ptr<SSL, FreeSession>;

/// What is offered, the better first, each with its length before it.
constexpr std::string_view kBoth = "\x02h2\x08http/1.1";
constexpr std::string_view kHttp1 = kBoth.substr(3);

template <class Base>
class OpensslSession : public Base {
 public:
  using Result = Transport::Result;
  using Status = Transport::Status;
  explicit OpensslSession(Session session) : session_(std::move(session)) {}

  Result read(std::span<char> room) noexcept override {
    ERR_clear_error();
    std::size_t bytes = 0;
    const int outcome = SSL_read_ex(session_.get(), room.data(), room.size(), &bytes);
    return outcome == 1 ? Result{Status::done, bytes} : failure(outcome);
  }
  Result write(std::string_view bytes) noexcept override {
    ERR_clear_error();
    std::size_t written = 0;
    const int outcome = SSL_write_ex(session_.get(), bytes.data(), bytes.size(), &written);
    return outcome == 1 ? Result{Status::done, written} : failure(outcome);
  }
  void finish_sending() noexcept override {
    ERR_clear_error();
    // During the handshake there is nothing to finish (man 3 SSL_shutdown).
    if (!broken_ && SSL_is_init_finished(session_.get()) == 1)
      SSL_shutdown(session_.get());
  }
  bool speaks_http2() const noexcept override {
    const unsigned char* chosen = nullptr;
    unsigned int size = 0;
    SSL_get0_alpn_selected(session_.get(), &chosen, &size);
    return std::string_view(reinterpret_cast<const char*>(chosen), size) == "h2";
  }

  SSL* session() const { return session_.get(); }

 protected:
  Result failure(int outcome) {
    switch (SSL_get_error(session_.get(), outcome)) {
      case SSL_ERROR_WANT_READ:
        return {Status::needs_read, 0};
      case SSL_ERROR_WANT_WRITE:
        return {Status::needs_write, 0};
      case SSL_ERROR_ZERO_RETURN:
        return {Status::closed, 0};
      default:
        broken_ = true;
        return {Status::failed, 0};
    }
  }

 private:
  Session session_;
  bool broken_ = false;  ///< after a fatal error nothing more may be called
};

/// Towards a client.
using ServerSession = OpensslSession<Transport>;

/// Towards a server elsewhere.
class ClientSession final : public OpensslSession<TlsClientSession> {
 public:
  using OpensslSession::OpensslSession;

  Result shake_hands() noexcept override {
    ERR_clear_error();
    const int outcome = SSL_do_handshake(session());
    if (outcome == 1)
      return {Status::done, 0};
    const Result result = failure(outcome);
    const unsigned long error = ERR_peek_last_error();
    reason_ = error == 0 ? nullptr : ERR_reason_error_string(error);
    return result;
  }
  void explain(std::span<char> room) const noexcept override {
    const long verdict = SSL_get_verify_result(session());
    if (verdict != X509_V_OK)
      std::snprintf(room.data(), room.size(), "its certificate is not accepted: %s",
                    X509_verify_cert_error_string(verdict));
    else
      std::snprintf(room.data(), room.size(), "it does not speak TLS with us: %s",
                    reason_ == nullptr ? "the connection was closed" : reason_);
  }

 private:
  const char* reason_ = nullptr;
};

/// A new session on a socket; nullptr if memory has run out.
template <class Made>
std::unique_ptr<Made> make_session(SSL_CTX* context, os::BorrowedFd socket) {
  Session session(SSL_new(context));
  if (session == nullptr || SSL_set_fd(session.get(), socket.raw()) != 1)
    return nullptr;
  return std::unique_ptr<Made>(new (std::nothrow) Made(std::move(session)));
}

class OpensslContext final : public TlsContext {
 public:
  explicit OpensslContext(Context context) : context_(std::move(context)) {}

  Transport* open(os::BorrowedFd socket, bool http2) noexcept override {
    auto made = make_session<ServerSession>(context_.get(), socket);
    if (made == nullptr)
      return nullptr;
    SSL_set_app_data(made->session(), const_cast<std::string_view*>(http2 ? &kBoth : &kHttp1));
    SSL_set_accept_state(made->session());
    return made.release();
  }

 private:
  Context context_;
};

/// A client that offers only other protocols is refused.
int choose_protocol(SSL* session, const unsigned char** chosen, unsigned char* size,
                    const unsigned char* offered, unsigned int offered_size, void*) {
  const auto& ours = *static_cast<const std::string_view*>(SSL_get_app_data(session));
  unsigned char* found = nullptr;
  if (SSL_select_next_proto(&found, size, reinterpret_cast<const unsigned char*>(ours.data()),
                            static_cast<unsigned int>(ours.size()), offered,
                            offered_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *chosen = found;
  return SSL_TLSEXT_ERR_OK;
}

/// Of both sides.
void set_up_common(SSL_CTX* context) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_options(context, SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  // An idle session holds no buffers. What could not be written is copied by Stream meanwhile.
  SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
                                SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
}

void set_up(SSL_CTX* context) {
  set_up_common(context);
  // A connection that breaks off instead of closing is told apart by HTTP's own framing. Not so
  // that of a target: its reply may end with the connection.
  SSL_CTX_set_options(context, SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_IGNORE_UNEXPECTED_EOF);
  // Tickets let clients resume; a cache would be memory for each of them.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_select_cb(context, choose_protocol, nullptr);
}

/// As SSL_set_tlsext_host_name(), which is a macro with a cast of the old style.
bool tell_name(SSL* session, const char* host) {
  return SSL_ctrl(session, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name,
                  const_cast<char*>(host)) == 1;
}

class ClientContext final : public TlsClientContext {
 public:
  explicit ClientContext(Context context) : context_(std::move(context)) {}

  TlsClientSession* open(os::BorrowedFd socket, const char* host) noexcept override {
    auto made = make_session<ClientSession>(context_.get(), socket);
    if (made == nullptr)
      return nullptr;
    SSL* session = made->session();
    // A certificate is for a name or for an address; only names are told (RFC 6066 section 3).
    const bool is_address = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(session), host) == 1;
    SSL_set_hostflags(session, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    if (!is_address && (SSL_set1_host(session, host) != 1 || !tell_name(session, host)))
      return nullptr;
    SSL_set_connect_state(session);
    return made.release();
  }

 private:
  Context context_;
};

void set_up_client(SSL_CTX* context) {
  set_up_common(context);
  SSL_CTX_set_verify(context, SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_alpn_protos(context, reinterpret_cast<const unsigned char*>(kHttp1.data()),
                          static_cast<unsigned int>(kHttp1.size()));
}

struct FreeBio {
  void operator()(BIO* bio) const { BIO_free(bio); }
};
struct FreeCertificate {
  void operator()(X509* certificate) const { X509_free(certificate); }
};
struct FreeKey {
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
};
using Bio = std::unique_ptr<BIO, FreeBio>;
using Certificate = std::unique_ptr<X509, FreeCertificate>;

Bio bio_of(std::string_view text) {
  return Bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

/// There is nobody who could be asked for one.
int no_password(char*, int, int, void*) {
  return -1;
}

/// The server's certificate first, then those that lead to one that clients know.
bool use_chain(SSL_CTX* context, std::string_view text) {
  const Bio bio = bio_of(text);
  Certificate own(PEM_read_bio_X509_AUX(bio.get(), nullptr, no_password, nullptr));
  if (own == nullptr || SSL_CTX_use_certificate(context, own.get()) != 1)
    return false;
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, no_password, nullptr)) {
    if (SSL_CTX_add0_chain_cert(context, next) != 1) {
      X509_free(next);
      return false;
    }
  }
  ERR_clear_error();  // the end of the file
  return true;
}

bool use_key(SSL_CTX* context, std::string_view text) {
  const Bio bio = bio_of(text);
  const std::unique_ptr<EVP_PKEY, FreeKey> key(
      PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr));
  return key != nullptr && SSL_CTX_use_PrivateKey(context, key.get()) == 1 &&
         SSL_CTX_check_private_key(context) == 1;
}

std::nullptr_t refuse(const char* what, std::span<char> why) {
  const unsigned long error = ERR_get_error();
  const char* reason = error == 0 ? nullptr : ERR_reason_error_string(error);
  std::snprintf(why.data(), why.size(), "%s: %s", what, reason == nullptr ? "unusable" : reason);
  return nullptr;
}

}  // namespace
}  // namespace berth::proxy

extern "C" __attribute__((visibility("default"))) berth::proxy::TlsContext* berth_tls_open(
    const berth::proxy::TlsMaterial& material, std::span<char> why) {
  using namespace berth::proxy;
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_server_method()));
  if (context == nullptr)
    return refuse("TLS", why);
  set_up(context.get());
  if (!use_chain(context.get(), material.certificate))
    return refuse("the certificate", why);
  if (!use_key(context.get(), material.key))
    return refuse("the key", why);
  return new (std::nothrow) OpensslContext(std::move(context));
}

extern "C" __attribute__((visibility("default"))) berth::proxy::TlsClientContext*
berth_tls_open_client(std::span<char> why) {
  using namespace berth::proxy;
  ERR_clear_error();
  Context context(SSL_CTX_new(TLS_client_method()));
  if (context == nullptr)
    return refuse("TLS", why);
  set_up_client(context.get());
  if (SSL_CTX_set_default_verify_paths(context.get()) != 1)
    return refuse("the CAs of the system", why);
  return new (std::nothrow) ClientContext(std::move(context));
}
