# The Action Cable server of all tenants, and the JavaScript client that belongs to its protocol.
require_relative "../config/environment"

CLIENT = Gem::Specification.find_by_name("actioncable").full_gem_path +
         "/app/assets/javascripts/action_cable.js"

map("/up") { run ->(_env) { [200, { "Content-Type" => "text/plain" }, ["ok\n"]] } }
map("/cable/action_cable.js") do
  files = Rack::Files.new(nil, { "Cache-Control" => "public, max-age=86400" })
  run ->(env) { files.serving(Rack::Request.new(env), CLIENT) }
end
map("/cable") { run ActionCable.server }
