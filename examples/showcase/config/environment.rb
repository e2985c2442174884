# Loads and initializes the application.
require_relative "application"
Rails.application.initialize!
