"""One measurement: start a server on its core, run the generator on another, end both."""

import contextlib
import ctypes
import json
import os
import pathlib
import resource
import select
import signal
import subprocess
import tempfile
import time

from .rows import FILE, FILE_BYTES

DESCRIPTORS = 1 << 20
PR_SET_PDEATHSIG = 1


class Failed(Exception):
    """The measurement did not happen; the text says why."""


class Unavailable(Failed):
    """The server says that this system lacks what it needs (exit status 2)."""


def _child(cpus):
    """Runs in the child: own session (so own autogroup), own cores, dies with the runner."""
    libc = ctypes.CDLL(None)

    def prepare():
        os.setsid()
        libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if cpus:
            os.sched_setaffinity(0, cpus)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (DESCRIPTORS, DESCRIPTORS))
        except (ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))

    return prepare


def _raise_priority(pid):
    """A fair share of the cores beside whatever else runs; only root may."""
    try:
        os.setpriority(os.PRIO_PROCESS, pid, -20)
        with open(f"/proc/{pid}/autogroup", "w") as file:
            file.write("-20")
    except OSError:
        pass


def _text(file):
    file.seek(0)
    return _line(file.read())


def _line(said):
    return " ".join(said.decode(errors="replace").split())[:200]


def _read_port(process, errors, timeout):
    """Waits for the line `listening PORT`."""
    deadline = time.monotonic() + timeout
    line = b""
    while not line.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            raise Failed("the server did not start in time")
        byte = os.read(process.stdout.fileno(), 1)
        if not byte:
            status = process.wait(timeout=5)
            why = _text(errors)
            if status == 2:
                raise Unavailable(why or "not available here")
            raise Failed(f"the server ended with status {status}: {why}")
        line += byte
    words = line.split()
    if len(words) != 2 or words[0] != b"listening":
        raise Failed(f"unexpected first line: {line!r}")
    return int(words[1])


@contextlib.contextmanager
def _files(row):
    """The directory a server is to serve, inside one that goes when the measurement ends."""
    if row.page != "file":
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="hybi-bench-") as scratch:
        root = pathlib.Path(scratch) / "root"
        root.mkdir()
        lines = b"<p>One line of a page that nobody reads, but everybody sends.</p>\n"
        (root / FILE).write_bytes((lines * (FILE_BYTES // len(lines) + 1))[:FILE_BYTES])
        yield root


def measure(build, server, row, seconds, warmup, cores, priority):
    """Returns the generator's numbers as a dictionary. Raises Failed."""
    with _files(row) as root:
        return _measure(build, server, row, seconds, warmup, cores, priority, root)


def _measure(build, server, row, seconds, warmup, cores, priority, root):
    cpus = [core for core in cores if core is not None]
    server_cpus = set(cpus[:server.loops])  # with two loops the generator shares the second core
    load_cpus = set(cpus[1:])
    errors = tempfile.TemporaryFile()
    process = subprocess.Popen(server.command(build, row, root), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=errors, preexec_fn=_child(server_cpus))
    try:
        if priority:
            _raise_priority(process.pid)
        port = _read_port(process, errors, timeout=15)
        arguments = [str(build / "bench" / "load"), "--port", str(port), "--server-pid", str(process.pid),
                     *row.load_arguments(), "--mode", server.load_mode(row),
                     "--seconds", str(seconds), "--warmup", str(warmup)]
        load = subprocess.Popen(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, preexec_fn=_child(load_cpus))
        try:
            if priority:
                _raise_priority(load.pid)
            out, err = load.communicate(timeout=6 * (seconds + warmup) + 90)
        except subprocess.TimeoutExpired:
            raise Failed("the generator did not end in time") from None
        finally:
            load.kill()
            load.wait()
        if process.poll() is not None:
            raise Failed(f"the server ended with status {process.returncode}: {_text(errors)}")
        if load.returncode != 0:
            raise Failed(_line(err) or f"generator status {load.returncode}")
        return json.loads(out)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()
        errors.close()
