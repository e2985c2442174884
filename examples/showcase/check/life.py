# The life of tenants: passwords, start by a request, separation, idle stop with back-up, crash.
import re
import sqlite3
from concurrent.futures import ThreadPoolExecutor

from story import check, equal, eventually

BOSTON = "/showcase/2025/boston/"
DISNEY = "/showcase/2025/raleigh/disney/"
BOSTON_UNIT = "tenant@2025/boston"
IDLE_SECONDS = 30
NOTICE_SECONDS = 5


def play(story, deployment):
    story.step("wrong passwords are refused", wrong_passwords, deployment)
    story.step("a first request is held while Rails starts, then served", first_request, deployment)
    story.step("both kinds of password hash work", both_hashes, deployment)
    story.step("the index lists the events", index_lists, deployment)
    story.step("two tenants start side by side", side_by_side, deployment)
    story.step("a score stays in its own tenant", no_cross_talk, deployment)
    story.step("a path without its last slash is redirected", redirect, deployment)
    story.step("an idle tenant is stopped and backed up", idle_stop, deployment)
    story.step("the next request starts it again, with its data", wakes_again, deployment)
    story.step("a crash is noticed, and the next request starts it again", crash, deployment)


def get(deployment, path):
    reply = deployment.request(path, user="visitor")
    equal(reply.status, 200, path)
    return reply


def give_score(deployment, tenant_path, points, judge):
    reply = deployment.request(f"{tenant_path}scores", user="judge",
                               body={"heat": 1, "judge": judge, "points": points})
    equal(reply.status, 201, "a new score")
    return reply.json()


def judges(deployment, tenant_path):
    return {score["judge"] for score in get(deployment, f"{tenant_path}scores").json()["scores"]}


def wrong_passwords(deployment):
    for user, password in (("visitor", "wrong"), ("judge", ""), ("nobody", "ahoy")):
        equal(deployment.request(BOSTON, user=user, password=password).status, 401, f"{user}:{password}")


def first_request(deployment):
    reply = get(deployment, BOSTON)
    check("<h1>Boston</h1>" in reply.text, "this is not Boston")
    equal(deployment.unit(BOSTON_UNIT)["state"], "running", "its state")
    return f"served after {reply.seconds:.2f} s"


def both_hashes(deployment):
    for user in ("visitor", "judge"):
        equal(deployment.request(BOSTON, user=user).status, 200, user)


def index_lists(deployment):
    text = get(deployment, "/showcase/").text
    for path in ("/showcase/2025/boston/", "/showcase/2025/raleigh/disney/", "/showcase/demo/"):
        check(f'href="{path}"' in text, f"no link to {path}")


def side_by_side(deployment):
    with ThreadPoolExecutor() as pool:
        pages = list(pool.map(lambda path: get(deployment, path).text, (BOSTON, DISNEY)))
    check("<h1>Boston</h1>" in pages[0] and "<h1>Raleigh: Disney</h1>" in pages[1], "wrong titles")
    couples = [re.findall(r"<td>([A-Z]\w+ &amp; \w+)</td>", page) for page in pages]
    check(couples[0] and couples[1] and couples[0] != couples[1], f"the same data: {couples}")


def no_cross_talk(deployment):
    give_score(deployment, BOSTON, 9, "Harbour master")
    check("Harbour master" in judges(deployment, BOSTON), "the score is not there")
    check("Harbour master" not in judges(deployment, DISNEY), "the score is in the other tenant")


def redirect(deployment):
    reply = deployment.request(BOSTON.rstrip("/"), user="visitor")
    check(reply.status in (301, 302, 307, 308), f"status {reply.status}")
    check(reply.headers["Location"].endswith(BOSTON), f"to {reply.headers['Location']}")


def idle_stop(deployment):
    stopped = lambda: deployment.unit(BOSTON_UNIT)["state"] == "inactive"
    eventually(stopped, "the idle stop", IDLE_SECONDS)
    copy = deployment.data / "backup" / "2025-boston.sqlite3"
    with sqlite3.connect(f"file:{copy}?mode=ro", uri=True) as database:
        rows = database.execute("SELECT points FROM scores WHERE judge = 'Harbour master'").fetchall()
    equal(rows, [(9,)], "what the back-up holds")


def wakes_again(deployment):
    check("Harbour master" in judges(deployment, BOSTON), "the score is lost")


def crash(deployment):
    get(deployment, BOSTON)
    before = deployment.unit(BOSTON_UNIT)
    deployment.kill(before["main_pid"])
    after = eventually(lambda: ended(deployment), "the notice", NOTICE_SECONDS)
    check("SIGKILL" in after["last_exit"], f"last_exit is {after['last_exit']!r}")
    get(deployment, BOSTON)
    check(deployment.unit(BOSTON_UNIT)["main_pid"] not in (0, before["main_pid"]), "it is no new process")


def ended(deployment):
    status = deployment.unit(BOSTON_UNIT)
    return status if status["main_pid"] == 0 and status["last_exit"] else None
