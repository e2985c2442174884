# A tenant's stream of scores. Its page carries the tenant's name signed; only with it can one subscribe, so nobody
# watches a tenant whose page he cannot read, although all tenants share one cable server.
module LiveStream
  PURPOSE = "live-scores"

  class << self
    def name_of(tenant) = "scores-#{tenant}"
    def sign(tenant) = verifier.generate(tenant, purpose: PURPOSE)

    # The tenant's name, or nil where the signature is wrong.
    def verified(signed) = verifier.verified(signed.to_s, purpose: PURPOSE)

    private

    def verifier = Rails.application.message_verifier(PURPOSE)
  end
end
