# The Rails application: what it loads, and what a tenant is told by its environment.
require_relative "boot"
require "rails"

# Not rails/all: each of the other parts would cost every tenant memory for nothing.
%w[active_record/railtie action_controller/railtie action_view/railtie action_cable/engine].each { |part| require part }

# One tenant is one process with this environment:
#   RAILS_APP_DB              its name: "2025-boston"
#   RAILS_APP_OWNER           its title: "Boston"
#   RAILS_RELATIVE_URL_ROOT   where the whole deployment lives: "/showcase"
#   RAILS_APP_SCOPE           where the tenant lives below it: "2025/boston", empty for the index
module Showcase
  SECRET_FILE = File.join(ENV.fetch("SHOWCASE_DATA", "/var/lib/showcase"), "secret")
  STARTED = Process.clock_gettime(Process::CLOCK_MONOTONIC)

  class << self
    def tenant = ENV.fetch("RAILS_APP_DB", "demo")
    def title = ENV.fetch("RAILS_APP_OWNER", tenant)
    def root = ENV.fetch("RAILS_RELATIVE_URL_ROOT", "")
    def index? = tenant == "index"
    def seconds_alive = (Process.clock_gettime(Process::CLOCK_MONOTONIC) - STARTED).round

    # Paths come in as the browser sent them; Rack takes this part off and Rails puts it before every link.
    def mount_path
      scope = ENV.fetch("RAILS_APP_SCOPE", "")
      path = scope.empty? ? root : "#{root}/#{scope}"
      path.empty? ? "/" : path
    end
  end

  class Application < Rails::Application
    config.load_defaults 6.1
    config.cache_classes = true
    config.eager_load = false # a class is loaded by the first request that needs it, or never
    config.consider_all_requests_local = false
    config.public_file_server.enabled = false # berth-proxy serves public/
    config.session_store :disabled
    config.hosts.clear # the proxy decides which hosts there are
    config.action_cable.mount_path = nil # the cable server is a process of its own
    config.logger = ActiveSupport::Logger.new($stdout)
    config.log_level = ENV.fetch("RAILS_LOG_LEVEL", "warn").to_sym

    # Read when it is needed: the cable server starts while the initialization job is still writing it.
    def secret_key_base = @secret_key_base ||= File.read(SECRET_FILE).strip
  end
end
