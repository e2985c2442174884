# The first boot: maintenance page, a failing initialization, its repair, the switch to the tenants.
from story import check, equal, eventually

INIT_DELAY = 2
IDLE = "4s"
BOOT_SECONDS = 30
TENANTS = 74


def play(story, deployment):
    blocker = deployment.data / "db"
    deployment.data.mkdir(mode=0o755)
    blocker.write_text("a file where the folder of databases has to be\n")
    story.step("berth starts as PID 1 of a namespace", deployment.start, INIT_DELAY, IDLE)
    story.step("dynamic requests get the maintenance page", maintenance_page, deployment)
    story.step("/up and static files work in maintenance", what_works_in_maintenance, deployment)
    story.step("redis and the cable server start meanwhile", services_start, deployment)
    story.step("a failing initialization is loud and stays in maintenance", initialization_fails, deployment)
    blocker.unlink()
    story.step("\"berthctl start initialize\" recovers", deployment.ctl, "start", "initialize")
    story.step("the routes have switched when it has succeeded", routes_switched, deployment)
    story.step(f"\"berthctl tenants\" knows {TENANTS} tenants", tenants_known, deployment)


def maintenance_page(deployment):
    reply = eventually(lambda: deployment.request("/showcase/2025/boston/"), "an answer", BOOT_SECONDS)
    equal(reply.status, 503, "status")
    check(int(reply.headers["Retry-After"]) > 0, "Retry-After is not a number of seconds")
    check('http-equiv="refresh"' in reply.text, "the page does not refresh itself")
    check("Coming alongside" in reply.text, "this is not the showcase's page")


def what_works_in_maintenance(deployment):
    equal(deployment.request("/up").status, 200, "/up")
    reply = deployment.request("/showcase/assets/showcase.css")
    equal(reply.status, 200, "the style sheet")
    check("text/css" in reply.headers["Content-Type"], "wrong Content-Type")
    check("max-age=3600" in reply.headers["Cache-Control"], "wrong Cache-Control")


def services_start(deployment):
    for name in ("redis", "cable"):
        eventually(lambda: deployment.unit(name)["state"] == "running", f"{name} running", BOOT_SECONDS)


def initialization_fails(deployment):
    status = eventually(lambda: failed_status(deployment), "the failure of initialize", BOOT_SECONDS)
    check(status["reason"], "no reason in its status")
    equal(deployment.request("/showcase/").status, 503, "/showcase/")
    lines = [line for line in deployment.log().splitlines() if "initialize" in line and "fail" in line]
    check(lines, "berth's log does not say that initialize failed")
    return status["reason"]


def failed_status(deployment):
    status = deployment.unit("initialize")
    return status if status["state"] == "failed" else None


def routes_switched(deployment):
    reply = deployment.request("/showcase/2025/boston/")
    equal(reply.status, 401, "without a password")
    check("Basic" in reply.headers["WWW-Authenticate"], "no challenge")


def tenants_known(deployment):
    tenants = deployment.ctl_json("tenants")
    equal(len(tenants), TENANTS, "number of tenants")
    paths = {tenant["path"] for tenant in tenants}
    for path in ("/showcase/", "/showcase/demo/", "/showcase/2025/boston/", "/showcase/2025/raleigh/disney/"):
        check(path in paths, f"{path} is missing")
    running = [tenant["name"] for tenant in tenants if tenant["state"] != "inactive"]
    check(not running, f"nobody asked for {running}")
