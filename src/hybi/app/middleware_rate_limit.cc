// rate_limit: so many requests in so much time for each client. RFC 6585 4. See middleware.h.
#include <hybi/base/key_table.h>
#include <hybi/base/token_bucket.h>
#include <hybi/middleware.h>

#include <algorithm>
#include <memory>

namespace hybi {
namespace {

using std::chrono::steady_clock;

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

struct Verdict {
  bool allowed = false;
  std::size_t left = 0;        // tokens
  TokenRate::Duration wait{};  // not allowed: until there is one
  TokenRate::Duration until_full{};
};

struct Limiter {
  RateLimitOptions options;
  TokenRate rate;
  KeyTable<TokenBucket> buckets;
  std::string policy_name, policy;

  explicit Limiter(RateLimitOptions given)
      : options(std::move(given)),
        rate(options.interval, std::max<std::size_t>(options.requests, 1), options.burst),
        buckets(std::max<std::size_t>(options.max_keys, 1)),
        policy_name(quoted(options.policy)),
        policy(policy_name + ";q=" + std::to_string(options.requests) +
               ";w=" + seconds_up(rate.interval())) {}

  Verdict take(std::string_view key) {
    if (options.requests == 0) return {.wait = rate.interval(), .until_full = rate.interval()};
    return buckets.with(key, [this, now = options.clock()](TokenBucket& bucket) {
      Verdict verdict{.wait = bucket.wait_for(rate, now, 1)};
      verdict.allowed = verdict.wait == TokenRate::Duration(0);
      if (verdict.allowed) bucket.take(rate, now, 1);
      verdict.until_full = bucket.until_full(now);
      verdict.left = rate.tokens_in(rate.whole() - verdict.until_full);
      return verdict;
    });
  }
};

}  // namespace

Middleware rate_limit(RateLimitOptions options) {
  if (!options.clock) options.clock = [] { return steady_clock::now(); };
  const auto limiter = std::make_shared<Limiter>(std::move(options));
  return [limiter](Request& request, Response& response, const Next& next) {
    const std::optional<std::string> key = limiter->options.key
                                               ? limiter->options.key(request)
                                               : std::optional(io::client_key(request.client()));
    if (!key) {
      next();
      return;
    }
    const Verdict verdict = limiter->take(*key);
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
