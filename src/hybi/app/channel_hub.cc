// Publishing, see channel_hub.h.
#include <hybi/app/channel_format.h>
#include <hybi/app/channel_hub.h>
#include <hybi/conn/loop_context.h>

#include <atomic>
#include <functional>
#include <optional>
#include <thread>

namespace hybi {

void ChannelHub::start() {
  if (!engine_->shared()) return;
  interest_.set_engine(engine_);
  engine_->attach({.on_publication = [weak = weak_from_this()](std::string_view channel,
                                                               const Publication& publication,
                                                               Position position) {
    if (const auto hub = weak.lock()) {
      hub->announce(channel, hub->message_of(publication, position.epoch), nullptr);
    }
  }});
}

LoopChannels* ChannelHub::this_loop() const {
  for (const Member& loop : loops_) {
    if (loop.port->on_loop_thread()) return loop.port->context() ? loop.channels : nullptr;
  }
  return nullptr;
}

void ChannelHub::announce(std::string_view channel, const conn::PublishedMessage& message,
                          const LoopChannels* here) const {
  if (loops_.size() == 1 && here != nullptr) return;
  announce_to(interest_.loops(channel), channel, message, here);
}

void ChannelHub::announce_to(LoopMask loops, std::string_view channel,
                             const conn::PublishedMessage& message,
                             const LoopChannels* here) const {
  for (const Member& loop : loops_) {
    if (loop.channels == here || (loops & mask_of(loop.channels->index())) == 0) continue;
    loop.port->post_message(
        [channels = loop.channels, message, name = std::string(channel)](conn::LoopContext&) {
          channels->arrive(name, message, nullptr, false);
        },
        message.frame->frame.size());
  }
}

void ChannelHub::publish(std::string_view channel, const Message& message, PublishOptions options,
                         const conn::WsSession* except, LoopChannels* here) {
  if (here == nullptr) here = this_loop();
  const ChannelOptions* const rules = rules_.find(channel);
  if ((rules != nullptr && rules->history.any()) || engine_->shared()) {
    return keep(channel, message, std::move(options), rules, except, here);
  }
  const bool only_here = here != nullptr && loops_.size() == 1;
  const LoopMask loops = only_here ? 0 : interest_.loops(channel);
  if (loops == 0 && !(only_here && here->listens(channel))) {  // nobody: nothing is encoded
    if (options.done) options.done(Published{});
    return;
  }
  std::shared_ptr<conn::PublishedAs> as;
  if (options.json || !options.key.empty() || !options.publisher.empty()) {
    as = std::make_shared<conn::PublishedAs>();
    as->form = options.json ? Publication::Form::Json : Publication::Form::Text;
    as->key = options.key;
    as->publisher = options.publisher;
  }
  const conn::PublishedMessage shared(message, std::move(as));
  if (here != nullptr) here->arrive(channel, shared, except, true);
  announce_to(loops, channel, shared, here);
  if (options.done) options.done(Published{});
}

void ChannelHub::announce_member(std::string_view channel, const hybi::Member& member,
                                 bool joined) {
  auto as = std::make_shared<conn::PublishedAs>();
  as->kind = joined ? conn::PublishedAs::Kind::Join : conn::PublishedAs::Kind::Leave;
  as->form = Publication::Form::Json;
  const std::string text = member_json(member).dump();
  const conn::PublishedMessage message(Message{as_bytes(std::string_view(text)), true},
                                       std::move(as));
  LoopChannels* const here = this_loop();
  if (here != nullptr) here->arrive(channel, message, nullptr, true);
  announce(channel, message, here);
}

// What is done with a publication once the engine has given it its place.
struct ChannelHub::Keeping {
  std::weak_ptr<ChannelHub> hub;  // the engine may keep this, and the hub keeps the engine
  std::string channel;
  Publication publication;
  std::string key;
  bool compress = true;
  std::uint64_t except = 0;
  std::function<void(Result<Published>)> done;
  // While the engine is asked, by the thread that asks.
  std::atomic<std::thread::id> asking;
  const LoopChannels* here = nullptr;
  std::optional<Result<Published>> at_once;
  std::optional<conn::PublishedMessage> message;

  void placed(const Result<Published>& published) {
    if (!published || published->duplicate) return;
    const Bytes data = as_bytes(std::string_view(*publication.data));
    auto as = std::make_shared<conn::PublishedAs>();
    as->form = publication.form;
    as->position = published->position;
    as->publisher = publication.publisher;
    as->key = key;
    as->except = except;
    message.emplace(Message{data, publication.form != Publication::Form::Binary, compress},
                    std::move(as));
    if (const auto there = hub.lock()) there->announce(channel, *message, here);
  }
};

void ChannelHub::keep(std::string_view channel, const Message& message, PublishOptions options,
                      const ChannelOptions* rules, const conn::WsSession* except,
                      LoopChannels* here) {
  auto state = std::make_shared<Keeping>();
  using Form = Publication::Form;
  state->hub = weak_from_this();
  state->channel = channel;
  state->publication = {.data = std::make_shared<const std::string>(as_text(message.data)),
                        .form = !message.is_text ? Form::Binary
                                : options.json   ? Form::Json
                                                 : Form::Text,
                        .publisher = std::string(options.publisher)};
  state->key = options.key;
  state->compress = message.compress;
  state->except = except != nullptr ? except->id() : 0;
  state->done = std::move(options.done);
  state->asking = std::this_thread::get_id();
  state->here = here;

  std::unique_lock lock(order_[std::hash<std::string_view>()(channel) % order_.size()]);
  engine_->publish(channel, state->publication, rules != nullptr ? rules->history : hybi::Keeping{},
                   options.idempotency_key, [state](Result<Published> published) {
                     if (state->asking == std::this_thread::get_id()) {
                       state->placed(published);
                       state->at_once = published;
                       return;
                     }
                     // Later, from a thread of the engine's: announced to every loop.
                     state->here = nullptr;
                     state->placed(published);
                     if (state->done) state->done(published);
                   });
  lock.unlock();
  state->asking = std::thread::id();
  if (!state->at_once) return;
  if (here != nullptr && state->message) here->arrive(channel, *state->message, except, true);
  if (state->done) state->done(*state->at_once);
}

conn::PublishedMessage ChannelHub::message_of(const Publication& publication,
                                              std::uint64_t epoch) const {
  auto as = std::make_shared<conn::PublishedAs>();
  as->form = publication.form;
  if (publication.offset != 0) as->position = {epoch, publication.offset};
  as->publisher = publication.publisher;
  const Bytes data = as_bytes(std::string_view(*publication.data));
  return conn::PublishedMessage(Message{data, publication.form != Publication::Form::Binary},
                                std::move(as));
}

}  // namespace hybi
