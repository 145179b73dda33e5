"""Medians, spreads and ratios of interleaved rounds, as one Markdown table."""

from statistics import median

# Per mode: (what the line is called, key in the generator's JSON, smaller is better).
CPU = ("CPU µs", "server_cpu_us_per_message", True)
RATE = ("k/s", "messages_per_second", False)
P99 = ("p99 µs", "p99_us", True)
HALF_P99 = ("p99 µs at half load", "half_load_p99_us", True)
STALLED_P99 = ("p99 µs beside a stalled one", "stalled_p99_us", True)
GROWN = ("grown KiB", "grown_bytes", True)
METRICS = {
    "echo": (CPU, RATE, P99),
    "http": (CPU, RATE, P99),
    "broadcast": (CPU, RATE, P99),
    "handshake": (CPU, RATE, P99),
    "idle": (("bytes", "bytes_per_connection", True),),
    "subscriptions": (("bytes each", "bytes_per_subscription", True),
                      ("bytes a channel", "bytes_per_channel", True), CPU),
}
REPLY = ("reply B", "reply_bytes", True)
# CPU is compared at about equal size only: who compresses less has less to do.
LARGER_REPLIES = 1.15


def metrics(row):
    return (METRICS[row.mode] + ((HALF_P99,) if row.half_load() else ()) + ((STALLED_P99, GROWN) if row.needs == "slow" else ())
            + ((REPLY,) if row.deflate or row.page else ()))


def show(value, key):
    if key == "messages_per_second":
        value /= 1000
    if key == "grown_bytes":
        value /= 1024
    if key.startswith("bytes_") or key in ("reply_bytes", "grown_bytes"):
        return f"{value:.0f}"
    if value >= 100:
        return f"{value:.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def half_spread(values):
    """Half of the range, in percent of the median."""
    middle = median(values)
    return 0 if middle == 0 else 50 * (max(values) - min(values)) / abs(middle)


def ratio(above, below):
    """The median of the ratios of the same rounds."""
    pairs = [above[i] / below[i] for i in above if i in below and below[i] > 0]
    return median(pairs) if pairs else None


class Results:
    """results[row][server][round] = the generator's dictionary."""

    def __init__(self):
        self.rounds = {}
        self.errors = []

    def add(self, row, server, number, measured):
        self.rounds.setdefault(row.name, {}).setdefault(server.name, {})[number] = measured

    def add_error(self, row, server, number, why):
        self.errors.append({"row": row.name, "server": server.name, "round": number, "error": str(why)})

    def values(self, row, server, key):
        """{round: value}"""
        return {i: m[key] for i, m in self.rounds.get(row.name, {}).get(server.name, {}).items()}

    def table(self, rows, servers):
        head = ["row", "", *(s.title for s in servers), "Hybi ÷ best peer", "Hybi ÷ raw"]
        lines = ["| " + " | ".join(head) + " |", "|---|---|" + "---:|" * (len(servers) + 2)]
        for row in rows:
            for number, (label, key, smaller) in enumerate(metrics(row)):
                cells = [row.title if number == 0 else "", label]
                for server in servers:
                    values = list(self.values(row, server, key).values())
                    cell = show(median(values), key) if values else "–"
                    if values and number == 0 and len(values) > 1:
                        cell += f" ±{half_spread(values):.0f}%"
                    cells.append(cell)
                cells.append(self.against_peers(row, servers, key, smaller))
                cells.append(self.against_floors(row, servers, key) if number == 0 else "")
                lines.append("| " + " | ".join(cells) + " |")
        return "\n".join(lines)

    def notes(self, rows, servers):
        """What is compared with one another, not with peers: one line each."""
        by_name = {row.name: row for row in rows}
        lines = []
        for row in rows:
            if row.needs == "slow":
                lines += self.stalled_note(row, servers)
            below = by_name.get(row.beside)
            if below is None:
                continue
            key = CPU[1]
            parts = [(server.title, ratio(self.values(row, server, key), self.values(below, server, key)))
                     for server in servers]
            texts = [f"{title} {part:.2f}" for title, part in parts if part is not None]
            if texts:
                lines.append(f"CPU of *{row.title}* ÷ *{below.title}*: {', '.join(texts)}."
                             f" Hybi's is to be at most {row.at_most:.2f}.")
        return lines

    def stalled_note(self, row, servers):
        """Both windows are of the same processes at the same rate."""
        parts = [(server.title, ratio(self.values(row, server, STALLED_P99[1]), self.values(row, server, HALF_P99[1])))
                 for server in servers]
        texts = [f"{title} {part:.2f}" for title, part in parts if part is not None]
        return [f"p99 at half load beside a stalled subscriber ÷ without: {', '.join(texts)}."
                f" Hybi's is to be at most {row.at_most:.2f}."] if texts else []

    def best_peer(self, row, servers, key, smaller):
        peers = [(median(v.values()), s) for s in servers if s.kind == "peer"
                 and self.compresses_as_well(row, s, servers) and (v := self.values(row, s, key))]
        if not peers:
            return None
        return (min if smaller else max)(peers, key=lambda pair: pair[0])[1]

    def compresses_as_well(self, row, server, servers):
        """As Hybi does; true where nothing is compressed."""
        if not row.deflate:
            return True
        mine = [size for s in servers if s.kind == "hybi" for size in self.values(row, s, REPLY[1]).values()]
        its = list(self.values(row, server, REPLY[1]).values())
        return not (mine and its) or median(its) <= LARGER_REPLIES * median(mine)

    def against_peers(self, row, servers, key, smaller):
        best = self.best_peer(row, servers, key, smaller)
        if best is None:
            return ""
        below = self.values(row, best, key)
        parts = [ratio(self.values(row, s, key), below) for s in servers if s.kind == "hybi"]
        texts = [f"{part:.2f}" for part in parts if part is not None]
        return " / ".join(texts) + f" ({best.title})" if texts else ""

    def against_floors(self, row, servers, key):
        by_name = {s.name: s for s in servers}
        texts = []
        for backend in ("epoll", "uring"):
            hybi, floor = by_name.get(f"hybi-{backend}"), by_name.get(f"floor-{backend}")
            part = hybi and floor and ratio(self.values(row, hybi, key), self.values(row, floor, key))
            if part:
                texts.append(f"{part:.2f}")
        return " / ".join(texts)
