# A browser's connection to the cable server. It has no user of its own: what may be watched is in the subscription.
module ApplicationCable
  class Connection < ActionCable::Connection::Base
  end
end
