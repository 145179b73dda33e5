// A subscriber that never reads: it says so much to a route that echoes that nothing more fits into
// its connection, and then does nothing until it goes. What is published waits in the server.
#pragma once

#include <string>

namespace bench {

class StalledSubscriber {
 public:
  // Connects and stalls. Fails if the server takes more and more.
  StalledSubscriber(int port, const std::string& path);
  ~StalledSubscriber();
  StalledSubscriber(const StalledSubscriber&) = delete;
  StalledSubscriber& operator=(const StalledSubscriber&) = delete;

 private:
  int fd_;
};

}  // namespace bench
