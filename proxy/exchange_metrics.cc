// The part of an exchange that answers who reads the metrics.
#include "proxy/connection.h"
#include "proxy/exchange.h"

namespace berth::proxy {
namespace {

/// PID 1 answers within a turn of its loop.
constexpr Milliseconds kPatience{2'000};

}  // namespace

void Exchange::ask_metrics() {
  if (request_.head.method != HTTP_GET && request_.head.method != HTTP_HEAD)
    return answer_error(405);
  if (request_.facts.path != "/metrics")
    return answer_error(404);
  client_->post(ConnectionEvent::ask);
  client_->arm(kPatience);
  context_.metrics.ask(*this);
}

void Exchange::on_figures(const SystemFigures& figures) noexcept {
  Connection& client = *client_;
  const ProxyGauges gauges{context_.connections.size(), context_.leases.waiting(),
                           context_.log.lines_dropped(), context_.site.config().maintenance,
                           context_.counters};
  OwnReply reply;
  reply.kind = ReplyKind::metrics;
  reply.status = 200;
  reply.type = "text/plain; version=0.0.4; charset=utf-8";
  reply.body = metrics_text(context_.metrics, gauges, figures);
  answer(std::move(reply));
  client.run();
}

}  // namespace berth::proxy
