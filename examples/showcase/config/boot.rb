# Debian's packages alone: RubyGems finds them, so there is no Bundler and no Gemfile.
ENV["RAILS_ENV"] ||= "production"
require "logger"
