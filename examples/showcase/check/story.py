# What checks share: a step that says how it went, and waiting for something to become true.
import time

POLL_SECONDS = 0.05


class Failed(Exception):
    """A step went wrong; it has been reported."""


class Story:
    """Runs steps in order and counts them; the first that fails ends the story."""

    def __init__(self):
        self.passed = 0
        self.failed = 0

    def step(self, text, action, *arguments):
        """Runs one step. What it returns, if anything, stands behind its line. Raises Failed."""
        begin = time.monotonic()
        try:
            note = action(*arguments)
        except Exception as error:  # whatever it is, it is this step's failure
            self.failed += 1
            print(f"FAILED - {text}: {type(error).__name__}: {error}", flush=True)
            raise Failed(text) from error
        self.passed += 1
        seconds = time.monotonic() - begin
        print(f"ok     - {text} ({note + ', ' if note else ''}{seconds:.2f} s)", flush=True)


def check(condition, message):
    if not condition:
        raise AssertionError(message)


def equal(actual, expected, what):
    check(actual == expected, f"{what} is {actual!r}, expected {expected!r}")


def eventually(condition, what, timeout):
    """Asks until the answer is true, and returns it. AssertionErrors on the way count as "not yet"."""
    deadline = time.monotonic() + timeout
    reason = ""
    while time.monotonic() < deadline:
        try:
            answer = condition()
            if answer:
                return answer
        except (AssertionError, OSError) as error:
            reason = f" ({error})"
        time.sleep(POLL_SECONDS)
    raise AssertionError(f"{what} did not happen within {timeout} s{reason}")
