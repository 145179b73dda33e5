// rate_limit: so many requests in so much time for each client. RFC 6585 4. See middleware.h.
#include <hybi/app/rate_table.h>
#include <hybi/base/ascii.h>
#include <hybi/middleware.h>

#include <algorithm>
#include <limits>
#include <memory>

namespace hybi {
namespace {

using std::chrono::steady_clock;

// A day: longer waits overflow nothing and help nobody.
constexpr std::chrono::nanoseconds kLongestInterval = std::chrono::hours(24);
constexpr std::size_t kMaxBurst = 1'000'000;

// One IPv6 client has 2^64 addresses of its own. RFC 4291 2.5.4
std::string key_of(const io::Address& address) {
  using Family = io::Address::Family;
  const std::size_t bytes = address.family == Family::V4 ? 4 : address.family == Family::V6 ? 8 : 0;
  std::string key(1, static_cast<char>(address.family));
  for (std::size_t i = 0; i < bytes; ++i) key += static_cast<char>(address.ip[i]);
  return key;
}

std::string seconds_up(std::chrono::nanoseconds time) {
  return std::to_string(std::chrono::ceil<std::chrono::seconds>(time).count());
}

// A String of structured fields. RFC 8941 3.3.3
std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c >= 0x20 && c < 0x7f ? c : '_';
  }
  return out + "\"";
}

struct Limiter {
  RateLimitOptions options;
  RateTable table;
  std::string policy_name, policy;

  explicit Limiter(RateLimitOptions given)
      : options(std::move(given)),
        table(token_time(options), burst(options), options.max_keys),
        policy_name(quoted(options.policy)),
        policy(policy_name + ";q=" + std::to_string(options.requests) +
               ";w=" + seconds_up(interval(options))) {}

  static std::chrono::nanoseconds interval(const RateLimitOptions& options) {
    const std::chrono::nanoseconds shortest = std::chrono::milliseconds(1);
    // Compared in milliseconds: as nanoseconds the longest ones do not fit.
    if (options.interval > kLongestInterval) return kLongestInterval;
    return std::max<std::chrono::nanoseconds>(options.interval, shortest);
  }
  static std::chrono::nanoseconds token_time(const RateLimitOptions& options) {
    const std::int64_t requests =
        static_cast<std::int64_t>(std::clamp<std::size_t>(options.requests, 1, kMaxBurst));
    return std::max(interval(options) / requests, std::chrono::nanoseconds(1));
  }
  static std::size_t burst(const RateLimitOptions& options) {
    const std::size_t burst = options.burst == 0 ? options.requests : options.burst;
    // As many as come back within a hundred days, so that the sum fits.
    const auto fit = static_cast<std::size_t>(100 * kLongestInterval / token_time(options));
    return std::clamp<std::size_t>(burst, 1, std::min(kMaxBurst, std::max<std::size_t>(fit, 1)));
  }

  RateTable::Verdict take(std::string_view key) {
    if (options.requests == 0) return {.wait = interval(options), .until_full = interval(options)};
    return table.take(key, options.clock());
  }
};

}  // namespace

Middleware rate_limit(RateLimitOptions options) {
  if (!options.clock) options.clock = [] { return steady_clock::now(); };
  const auto limiter = std::make_shared<Limiter>(std::move(options));
  return [limiter](Request& request, Response& response, const Next& next) {
    const std::optional<std::string> key = limiter->options.key
                                               ? limiter->options.key(request)
                                               : std::optional(key_of(request.client()));
    if (!key) {
      next();
      return;
    }
    const RateTable::Verdict verdict = limiter->take(*key);
    if (limiter->options.fields) {
      response.on_head([limiter, verdict](Response& r) {
        r.set("RateLimit-Policy", limiter->policy);
        r.set("RateLimit", limiter->policy_name + ";r=" + std::to_string(verdict.left) +
                               ";t=" + seconds_up(verdict.until_full));
      });
    }
    if (verdict.allowed) {
      next();
      return;
    }
    response.set("Retry-After", seconds_up(verdict.wait));
    response.error(limiter->options.status);
  };
}

}  // namespace hybi
