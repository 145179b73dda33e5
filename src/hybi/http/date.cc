// Formatting and parsing of dates; the calendar is that of <chrono>.
#include <hybi/base/ascii.h>
#include <hybi/http/date.h>

#include <chrono>

namespace hybi::http {
namespace {

constexpr std::string_view kDays[] = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                      "Thursday", "Friday", "Saturday"};
constexpr std::string_view kMonths[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                        "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
constexpr std::int64_t kDaySeconds = 86'400;
constexpr std::int64_t kFirst = -62'167'219'200;  // 0000-01-01T00:00:00Z
constexpr std::int64_t kLast = 253'402'300'799;   // 9999-12-31T23:59:59Z

void put_digits(char* to, unsigned value, int count) {
  for (int i = count - 1; i >= 0; --i, value /= 10) to[i] = static_cast<char>('0' + value % 10);
}

// A cursor over the text: every step answers whether it matched.
struct Cursor {
  std::string_view rest;

  bool literal(std::string_view text) {
    if (!rest.starts_with(text)) return false;
    rest.remove_prefix(text.size());
    return true;
  }
  bool digits(std::size_t count, int& value) {
    if (rest.size() < count) return false;
    value = 0;
    for (char c : rest.substr(0, count)) {
      if (!is_digit(c)) return false;
      value = value * 10 + (c - '0');
    }
    rest.remove_prefix(count);
    return true;
  }
  bool month(int& value) {
    for (int i = 0; i < 12; ++i) {
      if (literal(kMonths[i])) {
        value = i + 1;
        return true;
      }
    }
    return false;
  }
  bool time(int& hour, int& minute, int& second) {
    return digits(2, hour) && literal(":") && digits(2, minute) && literal(":") &&
           digits(2, second);
  }
};

}  // namespace

void format_date(std::int64_t unix_seconds, std::span<char, kDateBytes> out) {
  using namespace std::chrono;
  if (unix_seconds < kFirst) unix_seconds = kFirst;
  if (unix_seconds > kLast) unix_seconds = kLast;
  const sys_seconds time{seconds(unix_seconds)};
  const sys_days day = floor<days>(time);
  const year_month_day date(day);
  const hh_mm_ss clock(time - day);

  char* const to = out.data();
  kDays[weekday(day).c_encoding()].copy(to, 3);
  std::string_view(", ").copy(to + 3, 2);
  put_digits(to + 5, static_cast<unsigned>(date.day()), 2);
  to[7] = ' ';
  kMonths[static_cast<unsigned>(date.month()) - 1].copy(to + 8, 3);
  to[11] = ' ';
  put_digits(to + 12, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  to[16] = ' ';
  put_digits(to + 17, static_cast<unsigned>(clock.hours().count()), 2);
  to[19] = ':';
  put_digits(to + 20, static_cast<unsigned>(clock.minutes().count()), 2);
  to[22] = ':';
  put_digits(to + 23, static_cast<unsigned>(clock.seconds().count()), 2);
  std::string_view(" GMT").copy(to + 25, 4);
}

std::string format_date(std::int64_t unix_seconds) {
  std::string text(kDateBytes, ' ');
  format_date(unix_seconds, std::span<char, kDateBytes>(text.data(), kDateBytes));
  return text;
}

std::optional<std::int64_t> parse_date(std::string_view text, std::int64_t now) {
  using namespace std::chrono;
  int y = 0, m = 0, d = 0, hour = 0, minute = 0, second = 0;
  bool matched = false;
  for (std::string_view name : kDays) {
    Cursor at{text};
    if (at.literal(name)) {  // Sunday, 06-Nov-94 08:49:37 GMT
      matched = at.literal(", ") && at.digits(2, d) && at.literal("-") && at.month(m) &&
                at.literal("-") && at.digits(2, y) && at.literal(" ") &&
                at.time(hour, minute, second) && at.literal(" GMT") && at.rest.empty();
      // RFC 9110 5.6.7: a two-digit year more than 50 years ahead lies in the past.
      const year_month_day today(floor<days>(sys_seconds(seconds(now))));
      const int this_year = static_cast<int>(today.year());
      y += this_year / 100 * 100;
      if (y > this_year + 50) y -= 100;
      break;
    }
    if (!at.literal(name.substr(0, 3))) continue;
    if (at.literal(", ")) {  // Sun, 06 Nov 1994 08:49:37 GMT
      matched = at.digits(2, d) && at.literal(" ") && at.month(m) && at.literal(" ") &&
                at.digits(4, y) && at.literal(" ") && at.time(hour, minute, second) &&
                at.literal(" GMT") && at.rest.empty();
    } else {  // Sun Nov  6 08:49:37 1994
      matched = at.literal(" ") && at.month(m) && at.literal(" ") &&
                (at.literal(" ") ? at.digits(1, d) : at.digits(2, d)) && at.literal(" ") &&
                at.time(hour, minute, second) && at.literal(" ") && at.digits(4, y) &&
                at.rest.empty();
    }
    break;
  }
  const year_month_day date{year(y), month(static_cast<unsigned>(m)),
                            day(static_cast<unsigned>(d))};
  // A leap second is second 60 and counts as the one after it.
  if (!matched || !date.ok() || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  const std::int64_t whole_days = sys_days(date).time_since_epoch().count();
  return whole_days * kDaySeconds + hour * 3600 + minute * 60 + second;
}

}  // namespace hybi::http
