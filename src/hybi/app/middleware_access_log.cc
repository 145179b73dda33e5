// access_log: what a line needs is gathered when the request comes, when its answer begins and when
// that has left. See middleware.h.
#include <hybi/app/access_log_format.h>
#include <hybi/app/log_redaction.h>
#include <hybi/http/target.h>
#include <hybi/middleware.h>

#include <array>
#include <cstdio>
#include <memory>

namespace hybi {
namespace {

using Kind = LogItem::Kind;
using std::chrono::system_clock;

struct Settings {
  AccessLogFormat format;
  LogRedaction redaction;
  std::function<void(std::string_view)> sink;
  std::function<system_clock::time_point()> clock;
};

using Values = std::vector<std::string>;

void write_to_stdout(std::string_view line) {
  const std::string whole = std::string(line) + "\n";
  std::fwrite(whole.data(), 1, whole.size(), stdout);
  std::fflush(stdout);
}

std::string show_time(system_clock::time_point time, bool iso) {
  static constexpr std::array<const char*, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                          "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss clock(std::chrono::floor<std::chrono::milliseconds>(time - day));
  const int year = static_cast<int>(date.year());
  const auto month = static_cast<unsigned>(date.month());
  const auto in_month = static_cast<unsigned>(date.day());
  const auto hours = static_cast<int>(clock.hours().count());
  const auto minutes = static_cast<int>(clock.minutes().count());
  const auto seconds = static_cast<int>(clock.seconds().count());
  char text[64];
  if (iso) {
    std::snprintf(text, sizeof text, "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ", year, month, in_month,
                  hours, minutes, seconds, static_cast<int>(clock.subseconds().count()));
  } else {
    std::snprintf(text, sizeof text, "[%02u/%s/%04d:%02d:%02d:%02d +0000]", in_month,
                  kMonths[month - 1], year, hours, minutes, seconds);
  }
  return text;
}

std::string protocol_of(const RequestInfo& request) {
  return request.head().minor_version() == 0 ? "HTTP/1.0" : "HTTP/1.1";
}

std::string address_of(const io::Address& address) {
  return address.family == io::Address::Family::Unix ? "unix" : io::ip_to_string(address);
}

std::string seconds_of(std::chrono::nanoseconds time) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", static_cast<double>(time.count()) / 1e9);
  return text;
}

// What is known when the request comes.
std::string at_begin(const Settings& settings, const LogItem& item, Request& request) {
  switch (item.kind) {
    case Kind::Client:
      return address_of(request.client());
    case Kind::Peer:
      return address_of(request.peer());
    case Kind::Time:
    case Kind::IsoTime:
      return show_time(settings.clock(), item.kind == Kind::IsoTime);
    case Kind::RequestLine:
      return std::string(http::name_of(request.method())) + " " +
             settings.redaction.url(request.target()) + " " + protocol_of(request);
    case Kind::Method:
      return std::string(http::name_of(request.method()));
    case Kind::Target:
      return settings.redaction.url(request.target());
    case Kind::Path:
      return std::string(request.path());
    case Kind::Query: {
      if (request.query().empty()) return {};
      return settings.redaction.url("?" + std::string(request.query()));
    }
    case Kind::Protocol:
      return protocol_of(request);
    case Kind::Host:
      return request.client_host();
    case Kind::RequestField:
      return settings.redaction.field(item.name, request.header(item.name));
    default:
      return {};
  }
}

// What is known when the answer begins.
void at_head(const Settings& settings, Request& request, Response& response, Values& values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const LogItem& item = settings.format.items()[i];
    if (item.kind == Kind::User || item.kind == Kind::RequestId) {
      const auto* const value =
          request.get<std::string>(item.kind == Kind::User ? "user" : "request_id");
      if (value != nullptr) values[i] = *value;
    } else if (item.kind == Kind::ResponseField) {
      values[i] = settings.redaction.field(item.name, response.field(item.name));
    }
  }
}

// What is known in the end.
void at_end(const LogItem& item, const ResponseInfo& info, std::string& value) {
  using std::chrono::duration_cast;
  switch (item.kind) {
    case Kind::Status:
      if (info.status != 0) value = std::to_string(info.status);
      return;
    case Kind::Bytes:
      if (info.body_bytes != 0) value = std::to_string(info.body_bytes);
      return;
    case Kind::AllBytes:
      value = std::to_string(info.body_bytes);
      return;
    case Kind::Microseconds:
      value = std::to_string(duration_cast<std::chrono::microseconds>(info.time).count());
      return;
    case Kind::Milliseconds:
      value = std::to_string(duration_cast<std::chrono::milliseconds>(info.time).count());
      return;
    case Kind::Seconds:
      value = seconds_of(info.time);
      return;
    case Kind::Cut:
      value = info.aborted ? "X" : "+";
      return;
    default:
      return;
  }
}

}  // namespace

Result<void> check(const AccessLogOptions& options) {
  return AccessLogFormat(options.format).mistake();
}

Middleware access_log(AccessLogOptions options) {
  if (!options.sink) options.sink = write_to_stdout;
  if (!options.clock) options.clock = [] { return system_clock::now(); };
  const auto settings = std::make_shared<const Settings>(Settings{
      .format = AccessLogFormat(options.format),
      .redaction =
          LogRedaction(std::move(options.secret_fields), std::move(options.secret_parameters)),
      .sink = std::move(options.sink),
      .clock = std::move(options.clock)});
  return [settings](Request& request, Response& response, const Next& next) {
    const auto items = settings->format.items();
    const auto values = std::make_shared<Values>(items.size());
    for (std::size_t i = 0; i < items.size(); ++i) {
      (*values)[i] = at_begin(*settings, items[i], request);
    }
    // The request is there until the head of its answer is written.
    response.on_head(
        [settings, values, &request](Response& r) { at_head(*settings, request, r, *values); });
    response.on_done([settings, values](const ResponseInfo& info) {
      for (std::size_t i = 0; i < values->size(); ++i) {
        at_end(settings->format.items()[i], info, (*values)[i]);
      }
      settings->sink(settings->format.line(*values));
    });
    next();
  };
}

}  // namespace hybi
