# What all controllers share.
class ApplicationController < ActionController::Base
  # No session and no cookie: ScoresController says what stands in for a token.
  skip_forgery_protection
end
