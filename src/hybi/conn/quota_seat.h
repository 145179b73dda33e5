// A connection's share in a Quota: it counts what the connection sends, and itself.
#pragma once

#include <hybi/base/token_bucket.h>
#include <hybi/io/address.h>
#include <hybi/quota.h>
#include <hybi/result.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace hybi::conn {

class QuotaSeat {
 public:
  // Requires: quota->valid(). Fails: QuotaConnections, QuotaAddress.
  static Result<std::unique_ptr<QuotaSeat>> take(std::shared_ptr<Quota> quota,
                                                 const io::Address& client);
  QuotaSeat(const QuotaSeat&) = delete;
  QuotaSeat& operator=(const QuotaSeat&) = delete;
  ~QuotaSeat();

  // From now on it counts for this user, "" for none.
  // Returns: false if the user has as many connections as it may; then for none.
  bool set_user(std::string_view user);

  QuotaAction action() const;
  // Counts messages that have come.
  // Returns: 0 if they are within every rate. Else for Delay how long to rest, rounded up; for the
  // others after how long they might be taken: then nothing was counted.
  std::chrono::milliseconds count(std::size_t messages, std::size_t bytes);

  std::uint32_t resume_ms = 0;  // the session's: when reading goes on after a delay

 private:
  struct Buckets {
    TokenBucket messages, bytes;
  };
  friend class hybi::Quota;
  QuotaSeat(std::shared_ptr<Quota> quota, std::string address)
      : quota_(std::move(quota)), address_(std::move(address)) {}
  void leave_user();

  const std::shared_ptr<Quota> quota_;
  const std::string address_;
  std::string user_;
  Buckets own_;
};

}  // namespace hybi::conn
