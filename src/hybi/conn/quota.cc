// See quota.h and quota_seat.h.
#include <hybi/base/key_table.h>
#include <hybi/conn/quota_seat.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <mutex>
#include <optional>
#include <utility>

namespace hybi {

using Duration = TokenBucket::Duration;
using Time = TokenBucket::Time;

// Compiled MessageRate: what has no limit is not counted.
struct Quota::State {
  using Buckets = conn::QuotaSeat::Buckets;

  struct Rates {
    std::optional<TokenRate> messages, bytes;

    explicit Rates(const MessageRate& rate)
        : messages(compiled(rate.messages)), bytes(compiled(rate.bytes)) {}
    static std::optional<TokenRate> compiled(const Rate& rate) {
      if (rate.count == kNoLimit) return std::nullopt;
      return TokenRate(rate.interval, std::max<std::size_t>(rate.count, 1), rate.burst);
    }
    bool limited() const { return messages || bytes; }

    Duration wait_for(const Buckets& of, Time now, std::size_t count, std::size_t size) const {
      Duration wait{};
      if (messages) wait = of.messages.wait_for(*messages, now, count);
      if (bytes) wait = std::max(wait, of.bytes.wait_for(*bytes, now, size));
      return wait;
    }
    void take(Buckets& of, Time now, std::size_t count, std::size_t size) const {
      if (messages) of.messages.take(*messages, now, count);
      if (bytes) of.bytes.take(*bytes, now, size);
    }
  };

  // Open connections by address or user.
  class Seats {
   public:
    explicit Seats(std::size_t most) : most_(most) {}
    // Returns: false if all are taken.
    bool take(const std::string& key) {
      if (most_ == kNoLimit) return true;
      const std::lock_guard lock(mutex_);
      std::size_t& taken = taken_[key];  // most_ > 0: never left there with nobody
      if (taken == most_) return false;
      ++taken;
      return true;
    }
    void give(const std::string& key) {
      if (most_ == kNoLimit) return;
      const std::lock_guard lock(mutex_);
      const auto found = taken_.find(key);
      if (--found->second == 0) taken_.erase(found);
    }

   private:
    const std::size_t most_;
    std::mutex mutex_;
    std::map<std::string, std::size_t> taken_;
  };

  explicit State(QuotaOptions given)
      : options(std::move(given)),
        connection(options.connection),
        address(options.address),
        user(options.user),
        by_address(std::max<std::size_t>(options.max_keys, 1)),
        by_user(std::max<std::size_t>(options.max_keys, 1)),
        address_seats(options.max_connections_per_address),
        user_seats(options.max_connections_per_user) {
    if (!options.clock) options.clock = [] { return std::chrono::steady_clock::now(); };
  }

  QuotaOptions options;
  const Rates connection, address, user;
  KeyTable<Buckets> by_address, by_user;
  Seats address_seats, user_seats;
  std::atomic<std::size_t> seats{0};
};

Quota::Quota(QuotaOptions options) : state_(std::make_unique<State>(std::move(options))) {}
Quota::~Quota() = default;

bool Quota::valid() const {
  const auto good = [](const MessageRate& rate) {
    return rate.messages.count > 0 && rate.bytes.count > 0;
  };
  const QuotaOptions& options = state_->options;
  return good(options.connection) && good(options.address) && good(options.user) &&
         options.max_connections > 0 && options.max_connections_per_address > 0 &&
         options.max_connections_per_user > 0 && options.max_keys > 0;
}

std::size_t Quota::connections() const {
  return state_->seats.load(std::memory_order_relaxed);
}

namespace conn {

Result<std::unique_ptr<QuotaSeat>> QuotaSeat::take(std::shared_ptr<Quota> quota,
                                                   const io::Address& client) {
  Quota::State& state = *quota->state_;
  std::string address = io::client_key(client);
  if (state.seats.fetch_add(1, std::memory_order_relaxed) >= state.options.max_connections) {
    state.seats.fetch_sub(1, std::memory_order_relaxed);
    return Errc::QuotaConnections;
  }
  if (!state.address_seats.take(address)) {
    state.seats.fetch_sub(1, std::memory_order_relaxed);
    return Errc::QuotaAddress;
  }
  return std::unique_ptr<QuotaSeat>(new QuotaSeat(std::move(quota), std::move(address)));
}

QuotaSeat::~QuotaSeat() {
  Quota::State& state = *quota_->state_;
  leave_user();
  state.address_seats.give(address_);
  state.seats.fetch_sub(1, std::memory_order_relaxed);
}

void QuotaSeat::leave_user() {
  if (!user_.empty()) quota_->state_->user_seats.give(user_);
  user_.clear();
}

bool QuotaSeat::set_user(std::string_view user) {
  if (user == user_) return true;
  leave_user();
  const std::string name(user);
  if (!name.empty() && !quota_->state_->user_seats.take(name)) return false;
  user_ = name;
  return true;
}

QuotaAction QuotaSeat::action() const {
  return quota_->state_->options.action;
}

std::chrono::milliseconds QuotaSeat::count(std::size_t messages, std::size_t bytes) {
  Quota::State& state = *quota_->state_;
  const Time now = state.options.clock();
  const bool delays = state.options.action == QuotaAction::Delay;
  // What has come cannot be delayed any more: what comes next is, until one token is there.
  const auto of = [&](const Quota::State::Rates& rates, Buckets& buckets) {
    if (!delays) {
      const Duration wait = rates.wait_for(buckets, now, messages, bytes);
      if (wait == Duration(0)) rates.take(buckets, now, messages, bytes);
      return wait;
    }
    rates.take(buckets, now, messages, bytes);
    return rates.wait_for(buckets, now, 1, 1);
  };
  // Its own buckets first, which cost no lock; they are charged last, if nobody refuses.
  Duration wait =
      delays ? of(state.connection, own_) : state.connection.wait_for(own_, now, messages, bytes);
  if (state.address.limited() && (delays || wait == Duration(0))) {
    wait = std::max(wait, state.by_address.with(address_, [&](Buckets& buckets) {
      return of(state.address, buckets);
    }));
  }
  if (state.user.limited() && !user_.empty() && (delays || wait == Duration(0))) {
    wait = std::max(
        wait, state.by_user.with(user_, [&](Buckets& buckets) { return of(state.user, buckets); }));
  }
  if (!delays && wait == Duration(0)) state.connection.take(own_, now, messages, bytes);
  return std::chrono::ceil<std::chrono::milliseconds>(wait);
}

}  // namespace conn
}  // namespace hybi
