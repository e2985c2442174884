// What a job is told of the request that has started it (RFC 3875 section 4.1).
#pragma once

#include "proxy/http_head.h"
#include "proxy/request_facts.h"
#include "units/cgi.h"
#include "units/route_spec.h"

namespace berth::proxy {

/// The variables of a request to `route`. Neither the password nor anything that only the proxy may
/// say is among them.
cgi::Variables cgi_variables(const HttpHead& head, const RequestFacts& facts,
                             const RouteSpec& route);

}  // namespace berth::proxy
