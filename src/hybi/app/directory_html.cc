// The HTML of a directory's entries, see directory_page.h.
#include <hybi/app/directory_page.h>
#include <hybi/http/target.h>

#include <array>
#include <charconv>
#include <chrono>

namespace hybi {
namespace {

constexpr std::string_view kHead = R"html(<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="robots" content="noindex">
<meta name="color-scheme" content="light dark">
<title>)html";

constexpr std::string_view kStyle = R"html(</title>
<style>
:root {
  --page: #f7f8f8; --card: #fff; --line: #dfe4e4; --text: #16201f; --quiet: #566463;
  --accent: #0f766e; --soft: #eef5f4;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1414; --card: #161e1e; --line: #2a3736; --text: #e6eeed; --quiet: #9fb0ae;
    --accent: #2dd4bf; --soft: #1c2827;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; padding: 2rem 1.25rem 3rem; background: var(--page); color: var(--text);
  font: 1rem/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "DejaVu Sans", sans-serif;
}
main { max-width: 60rem; margin: 0 auto; }
h1 { margin: 0 0 1.25rem; font-size: 1.35rem; font-weight: 600; overflow-wrap: anywhere; }
h1 span { color: var(--quiet); font-weight: 400; padding: 0 .3em; }
a { color: var(--accent); text-decoration: none; }
a:hover { text-decoration: underline; }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem; overflow: hidden;
}
table { width: 100%; border-collapse: collapse; }
th, td { padding: .5rem 1rem; text-align: left; white-space: nowrap; }
th { font-size: .85rem; font-weight: 600; border-bottom: 1px solid var(--line); }
th a { color: var(--quiet); }
td { border-bottom: 1px solid var(--line); color: var(--quiet); font-variant-numeric: tabular-nums; }
tr:last-child td { border-bottom: 0; }
tbody tr:hover { background: var(--soft); }
td:first-child { width: 100%; padding-left: 2.8rem; text-indent: -1.8rem; white-space: normal;
  overflow-wrap: anywhere; }
.size { text-align: right; }
svg { width: 1.1em; height: 1.1em; margin-right: .6em; vertical-align: -.18em; fill: none;
  stroke: var(--quiet); stroke-width: 1.4; stroke-linejoin: round; }
.directory svg { stroke: var(--accent); }
p { color: var(--quiet); font-size: .9rem; margin: .9rem 1rem 0; }
@media (max-width: 36rem) {
  body { padding: 1.25rem .5rem 2rem; }
  h1 { padding: 0 .5rem; }
  th, td { padding: .5rem .6rem; }
  td:first-child { padding-left: 2.4rem; }
  .date { display: none; }
}
</style>
</head>
<body>
<main>
<svg width="0" height="0" style="position:absolute" aria-hidden="true"><defs>
<path id="f" d="M4 1.5h5.5L12.5 5v9.5H4zM9.5 1.5V5h3"/>
<path id="d" d="M1.5 3.5h4.6l1.6 2h6.8v7.5h-13z"/>
<path id="u" d="M8 13V3.5M3.5 8 8 3.5 12.5 8"/>
</defs></svg>
)html";

void append_escaped(std::string& out, std::string_view text) {
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
}

std::string two_digits(unsigned value) {
  return {static_cast<char>('0' + value / 10 % 10), static_cast<char>('0' + value % 10)};
}

// "2026-11-21 16:41"
std::string show_date(std::int64_t unix_seconds) {
  using namespace std::chrono;
  const sys_seconds time{seconds(unix_seconds)};
  const auto day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);
  return std::to_string(static_cast<int>(date.year())) + "-" +
         two_digits(static_cast<unsigned>(date.month())) + "-" +
         two_digits(static_cast<unsigned>(date.day())) + " " +
         two_digits(static_cast<unsigned>(clock.hours().count())) + ":" +
         two_digits(static_cast<unsigned>(clock.minutes().count()));
}

// "a / b / c", each but the last a link: the root is as many "../" away as there are segments.
void append_breadcrumb(std::string& out, std::string_view mount, std::string_view path) {
  std::size_t depth = path.empty() ? 0 : 1;
  for (const char c : path) depth += c == '/' ? 1 : 0;
  const auto crumb = [&](std::string_view name) {
    if (depth == 0) {
      out += "<bdi>";
      append_escaped(out, name);
      out += "</bdi>";
      return;
    }
    out += "<a href=\"";
    for (std::size_t i = 0; i < depth; ++i) out += "../";
    out += "\"><bdi>";
    append_escaped(out, name);
    out += "</bdi></a><span>/</span>";
    --depth;
  };
  out += "<h1>";
  if (mount.size() > 1 && mount.back() == '/') mount.remove_suffix(1);
  crumb(mount == "/" ? "Files" : mount);
  while (!path.empty()) {
    const std::string_view name = path.substr(0, path.find('/'));
    crumb(name);
    path.remove_prefix(std::min(path.size(), name.size() + 1));
  }
  out += "</h1>\n";
}

void append_column(std::string& out, std::string_view name, std::string_view key,
                   std::string_view style, DirectoryOrder::Key column, DirectoryOrder order) {
  const bool current = order.key == column;
  out += "<th scope=\"col\" class=\"";
  out += style;
  out +=
      current ? (order.descending ? "\" aria-sort=\"descending" : "\" aria-sort=\"ascending") : "";
  out += "\"><a href=\"?sort=";
  out += key;
  out += current && !order.descending ? "&amp;order=desc\">" : "&amp;order=asc\">";
  out += name;
  out += current ? (order.descending ? " \u2193" : " \u2191") : "";
  out += "</a></th>";
}

void append_entry(std::string& out, const DirectoryEntry& entry) {
  out += entry.directory ? "<tr class=\"directory\"><td>" : "<tr><td>";
  out += "<svg viewBox=\"0 0 16 16\" aria-hidden=\"true\"><use href=\"";
  out += entry.directory ? "#d" : "#f";
  // "./": whatever the name is, it is a path and no scheme.
  out += "\"/></svg><a href=\"./";
  out += http::encode_component(entry.name);
  out += entry.directory ? "/\"><bdi>" : "\"><bdi>";
  append_escaped(out, entry.name);
  out +=
      entry.directory ? "</bdi>/</a></td><td class=\"size\">" : "</bdi></a></td><td class=\"size\"";
  if (entry.directory) {
    out += "\u2014";
  } else {
    out += " title=\"" + std::to_string(entry.size) + " bytes\">" + show_size(entry.size);
  }
  const std::string date = show_date(entry.modified);
  out += "</td><td class=\"date\"><time datetime=\"" + date + "Z\">" + date + "</time></td></tr>\n";
}

}  // namespace

std::string show_size(std::uint64_t bytes) {
  constexpr std::array<std::string_view, 6> kUnits{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"};
  if (bytes < 1024) return std::to_string(bytes) + " B";
  std::size_t unit = 0;
  std::uint64_t whole = bytes;
  // Tenths, rounded: 1023.95 KiB is 1.0 MiB already.
  const auto tenths = [&] { return whole / 1024 * 10 + (whole % 1024 * 10 + 512) / 1024; };
  while (tenths() >= 10240 && unit + 1 < kUnits.size()) {
    whole /= 1024;
    ++unit;
  }
  const std::uint64_t value = tenths();
  std::string text = std::to_string(value / 10);
  if (value < 100) text += "." + std::to_string(value % 10);
  return text + " " + std::string(kUnits[unit]);
}

std::string directory_page(std::string_view mount, std::string_view path,
                           const DirectoryEntries& listed, DirectoryOrder order) {
  using Key = DirectoryOrder::Key;
  std::string out;
  out.reserve(kHead.size() + kStyle.size() + 1024 + listed.entries.size() * 320);
  out += kHead;
  append_escaped(out, mount);
  append_escaped(out, path);
  if (!path.empty()) out += '/';
  out += kStyle;
  append_breadcrumb(out, mount, path);
  out += "<div class=\"card\"><table>\n<thead><tr>";
  append_column(out, "Name", "name", "name", Key::Name, order);
  append_column(out, "Size", "size", "size", Key::Size, order);
  append_column(out, "Changed (UTC)", "date", "date", Key::Date, order);
  out += "</tr></thead>\n<tbody>\n";
  if (!path.empty()) {
    out +=
        "<tr class=\"directory\"><td><svg viewBox=\"0 0 16 16\" aria-hidden=\"true\">"
        "<use href=\"#u\"/></svg><a href=\"../\">parent directory</a></td>"
        "<td class=\"size\"></td><td class=\"date\"></td></tr>\n";
  }
  for (const DirectoryEntry& entry : listed.entries) append_entry(out, entry);
  out += "</tbody>\n</table></div>\n<p>";
  const std::size_t count = listed.entries.size();
  out +=
      count == 0 ? "Nothing here." : std::to_string(count) + (count == 1 ? " entry" : " entries");
  if (listed.more) out += " of more than can be listed here";
  out += "</p>\n</main>\n</body>\n</html>\n";
  return out;
}

}  // namespace hybi
