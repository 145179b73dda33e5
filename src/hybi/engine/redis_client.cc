// See redis_client.h; the work is done in redis_worker.
#include <hybi/engine/redis_client.h>
#include <hybi/engine/redis_worker.h>

namespace hybi::engine {

RedisClient::RedisClient(RedisOptions options)
    : worker_(std::make_shared<Worker>(std::move(options))) {
  worker_->start();
}

RedisClient::~RedisClient() {
  worker_->stop();
}

void RedisClient::command(std::vector<std::string> words, Done done) {
  worker_->command(std::move(words), std::move(done));
}

void RedisClient::subscribe(std::string channel, Subscriber subscriber) {
  worker_->subscribe(std::move(channel), std::move(subscriber));
}

void RedisClient::unsubscribe(const std::string& channel) {
  worker_->unsubscribe(channel);
}

bool RedisClient::connected() const {
  return worker_->connected();
}

}  // namespace hybi::engine
