# Live scores: Action Cable through the proxy, from one tenant's POST to the subscribers of that tenant alone.
import re

import life
from cable import Cable
from story import check, equal

CABLE = "/showcase/cable"
SILENCE_SECONDS = 2


def play(story, deployment):
    story.step("the JavaScript client comes from the cable server", client_served, deployment)
    story.step("a broadcast reaches the subscribers of its tenant and nobody else", broadcast, deployment)
    story.step("an unsigned subscription is rejected", unsigned_rejected, deployment)


def client_served(deployment):
    reply = deployment.request(f"{CABLE}/action_cable.js")
    equal(reply.status, 200, "status")
    check("createConsumer" in reply.text, "this is not Action Cable")


def signed_name(deployment, tenant_path):
    text = life.get(deployment, tenant_path).text
    return re.search(r'data-tenant="([^"]+)"', text)[1]


def broadcast(deployment):
    boston, disney = (signed_name(deployment, path) for path in (life.BOSTON, life.DISNEY))
    with Cable(deployment.port, CABLE) as here, Cable(deployment.port, CABLE) as there:
        for client, tenant in ((here, boston), (there, disney)):
            client.expect_welcome()
            client.subscribe(tenant)
        life.give_score(deployment, life.BOSTON, 7, "Pilot")
        message = here.expect_message()
        equal((message["heat"], message["judge"], message["points"]), (1, "Pilot", 7), "the broadcast")
        check(there.is_silent(SILENCE_SECONDS), "the other tenant's subscriber heard it")


def unsigned_rejected(deployment):
    with Cable(deployment.port, CABLE) as client:
        client.expect_welcome()
        client.subscribe("2025-boston", answer="reject_subscription")
