"""For the Python tests of this directory: starts `hybi demo` on a free port and stops it."""

import os
import re
import signal
import subprocess

HYBI = os.environ["HYBI"]
DEADLINE = 60


class Demo:
    def __init__(self, *flags):
        self.process = subprocess.Popen(
            [HYBI, "demo", "--port", "0", "--shutdown-timeout", "2", *flags],
            stdout=subprocess.PIPE, text=True)
        self.port = None
        for line in self.process.stdout:
            if found := re.match(r"http://localhost:(\d+)/$", line):
                self.port = int(found[1])
            if line.startswith("backend "):
                break
        assert self.port, "the demo did not start"

    def url(self, path="/echo"):
        return f"ws://127.0.0.1:{self.port}{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try:
            code = self.process.wait(DEADLINE)
        finally:
            self.process.kill()
            self.process.stdout.close()
        assert code == 0, f"exit code {code}"


def has_uring():
    tried = subprocess.Popen([HYBI, "demo", "--port", "0", "--backend", "uring", "--shutdown-timeout", "0"],
                             stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    with tried:
        started = tried.stdout.readline() != ""
        tried.kill()
        return started


BACKENDS = ["epoll"] + (["uring"] if has_uring() else [])
