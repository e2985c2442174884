# Puma of one tenant: berth has opened the socket, Puma takes it from LISTEN_FDS.
threads 1, Integer(ENV.fetch("RAILS_MAX_THREADS", "3"))
environment ENV.fetch("RAILS_ENV", "production")
bind_to_activated_sockets "only"
quiet
