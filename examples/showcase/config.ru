# The tenant's Rack application: Rails below the tenant's own path, and /up for berth's readiness check.
require_relative "config/environment"

map("/up") { run ->(_env) { [200, { "Content-Type" => "text/plain" }, ["ok\n"]] } }
map(Showcase.mount_path) { run Rails.application }
