"""The servers of the table: how each is started, and what it can do."""

import os
import pathlib
import shutil
import sys
from dataclasses import dataclass

from .rows import PAGES, frame_bytes, request_bytes

BENCH = pathlib.Path(__file__).resolve().parent.parent
HTTP = frozenset({"http-plain", "http-json", "http-file"})
WEBSOCKET = frozenset({"echo", "broadcast", "handshake", "idle"})
ALL = WEBSOCKET | HTTP | {"slow", "subscriptions"}  # the last two only Hybi has
MANY = 5000  # connections


def power_of_two(wanted, least, most):
    """The first of at least `wanted`, within the bounds, which are powers of two."""
    size = least
    while size < min(wanted, most):
        size *= 2
    return size


@dataclass(frozen=True)
class Server:
    name: str  # for --servers and the JSON file
    title: str  # in the table
    kind: str  # floor | hybi | peer
    program: tuple  # relative to <build>/bench, or absolute
    abilities: frozenset = WEBSOCKET | HTTP
    for_many: tuple = ()  # further arguments where there are many connections or they are idle
    loops: int = 1  # with more it may use both cores
    needs: tuple = ()  # other files without which it is not there

    def available(self, build):
        program = build / "bench" / self.program[0]
        found = program.exists() or shutil.which(self.program[0]) is not None
        return found and all(path.exists() for path in self.needs)

    def command(self, build, row, root):
        """`root`: the directory of the files, if the row needs one."""
        program = build / "bench" / self.program[0]
        first = str(program) if program.exists() else shutil.which(self.program[0])
        return [first, *self.program[1:], *self.floor_arguments(row), *self.many_arguments(row),
                *row.server_arguments(), *(["--root", str(root)] if root else [])]

    def many_arguments(self, row):
        return self.for_many if row.mode == "idle" or row.connections >= MANY else ()

    def takes_part(self, row):
        if self.loops > 1 and not row.on_two_loops:
            return False
        return row.ability() in self.abilities and (self.kind != "floor" or row.has_floor())

    def floor_arguments(self, row):
        if self.kind != "floor":
            return []
        if row.page:
            return ["--http", "--request", str(request_bytes(PAGES[row.page].path))]
        request = frame_bytes(row.payload, masked=True)
        reply = frame_bytes(row.payload, masked=False)
        arguments = ["--request", str(request), "--reply", str(reply)]
        # Buffers that hold what one receive can bring. Sizes are those at which each floor is best: a
        # small buffer costs it an acknowledgement and a wake-up of the client more for each piece, up to
        # 1.8 times the CPU for a large message.
        if self.name == "floor-epoll":
            arguments += ["--buffer", str(power_of_two(request * row.depth, 256 << 10, 2 << 20))]
        else:
            buffer = power_of_two(request * row.depth, 4 << 10, 1 << 20)
            arguments += ["--buffer", str(buffer), "--buffers", str(min(1024, (16 << 20) // buffer))]
        return arguments

    def load_mode(self, row):
        """The floors are measured with the same bytes and no protocol; their HTTP answers are right."""
        return "raw" if self.kind == "floor" and row.mode == "echo" else row.mode


WS_MODULE = BENCH.parent / "tests" / "node_modules" / "ws"
# Not in everybody's PATH.
NGINX = pathlib.Path(shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin") or "/usr/sbin/nginx")

SERVERS = [
    Server("floor-epoll", "raw epoll", "floor", ("floor_epoll",), frozenset({"echo", "http-plain"})),
    Server("floor-uring", "raw io_uring", "floor", ("floor_uring",), frozenset({"echo"})),
    Server("hybi-epoll", "Hybi epoll", "hybi", ("hybi_bench_server", "--backend", "epoll"), ALL),
    Server("hybi-uring", "Hybi io_uring", "hybi", ("hybi_bench_server", "--backend", "uring"), ALL),
    Server("hybi-epoll-2", "Hybi epoll, 2 loops", "hybi",
           ("hybi_bench_server", "--backend", "epoll", "--threads", "2"), ALL, loops=2),
    Server("hybi-uring-2", "Hybi io_uring, 2 loops", "hybi",
           ("hybi_bench_server", "--backend", "uring", "--threads", "2"), ALL, loops=2),
    Server("beast", "Beast", "peer", ("peer_beast",)),
    Server("lws", "libwebsockets", "peer", ("peer_lws",), WEBSOCKET | {"http-plain"},
           for_many=("--loop", "uv")),
    Server("websocketpp", "WebSocket++", "peer", ("peer_websocketpp",), WEBSOCKET),
    Server("ws", "npm ws", "peer", ("node", str(BENCH / "peers" / "ws" / "server.mjs")), WEBSOCKET,
           needs=(WS_MODULE,)),
    Server("node", "Node http", "peer", ("node", str(BENCH / "peers" / "node_http.mjs")), HTTP),
    Server("nginx", "nginx", "peer", (sys.executable, str(BENCH / "peers" / "nginx.py"), "--nginx", str(NGINX)),
           frozenset({"http-file"}), needs=(NGINX,)),
]
