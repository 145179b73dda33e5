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
  engine_->attach(
      {.on_publication =
           [weak = weak_from_this()](std::string_view channel, const Publication& publication,
                                     Position position) {
             if (const auto hub = weak.lock()) {
               const engine::NameRef name = hub->interest_.ref(channel);
               hub->announce_to(hub->interest_.loops(name), name,
                                hub->message_of(publication, position.epoch), nullptr);
             }
           },
       .on_member =
           [weak = weak_from_this()](std::string_view channel, const hybi::Member& member,
                                     bool joined) {
             if (const auto hub = weak.lock()) hub->announce_member(channel, member, joined);
           }});
}

LoopChannels* ChannelHub::this_loop() const {
  for (const Member& loop : loops_) {
    if (loop.port->on_loop_thread()) return loop.port->context() ? loop.channels : nullptr;
  }
  return nullptr;
}

void ChannelHub::announce_to(LoopMask loops, engine::NameRef channel,
                             const conn::PublishedMessage& message,
                             const LoopChannels* here) const {
  for (const Member& loop : loops_) {
    if (loop.channels == here || (loops & mask_of(loop.index)) == 0) continue;
    const bool posted =
        loop.port->post_message([channels = loop.channels, message, name = engine::Name(channel)](
                                    conn::LoopContext&) { channels->arrive(name, message, 0); },
                                message.frame->frame.size());
    if (posted || !message.is_kept()) continue;
    // The mailbox is full; the history has it.
    loop.port->post([channels = loop.channels, name = engine::Name(channel)](conn::LoopContext&) {
      channels->look_for_more(name);
    });
  }
}

void ChannelHub::publish(std::string_view channel, const Message& message, PublishOptions options,
                         const conn::WsSession* except, LoopChannels* here) {
  if (here == nullptr) here = this_loop();
  if (here != nullptr) {
    here->counters().publications.add();
  } else {
    elsewhere_.fetch_add(1, std::memory_order_relaxed);
  }
  const engine::NameRef name = interest_.ref(channel);
  const ChannelOptions* const rules = rules_.find(channel);
  const bool is_kept = rules != nullptr && rules->history.any();
  if (is_kept || engine_->shared() || !options.idempotency_key.empty()) {
    return keep(name, message, std::move(options), rules, except, here);
  }
  const bool only_here = here != nullptr && loops_.size() == 1;
  const LoopMask loops = only_here ? 0 : interest_.loops(name);
  if (loops == 0 && !(only_here && here->listens(name))) {  // nobody: nothing is encoded
    if (!options.done) return;
    return options.done(is_channel_name(channel) ? Result<Published>(Published{})
                                                 : Result<Published>(Errc::BadChannel));
  }
  std::shared_ptr<conn::PublishedAs> as;
  if (options.json || !options.key.empty() || !options.publisher.empty()) {
    as = std::make_shared<conn::PublishedAs>();
    as->form = options.json ? Publication::Form::Json : Publication::Form::Text;
    as->key = options.key;
    as->publisher = options.publisher;
  }
  const conn::PublishedMessage shared(message, std::move(as));
  if (here != nullptr) here->arrive(name, shared, except != nullptr ? except->id() : 0);
  announce_to(loops, name, shared, here);
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
  const engine::NameRef name = interest_.ref(channel);
  announce_to(interest_.loops(name), name, message, nullptr);
}

// What is done with a publication once the engine has given it its place.
struct ChannelHub::Keeping {
  Keeping(std::weak_ptr<ChannelHub> of, engine::NameRef name) : hub(std::move(of)), channel(name) {}

  std::weak_ptr<ChannelHub> hub;  // the engine may keep this, and the hub keeps the engine
  engine::Name channel;
  Publication publication;
  std::string key;
  bool compress = true;
  std::uint64_t except = 0;
  std::function<void(Result<Published>)> done = {};
  // While the engine is asked, by the thread that asks.
  std::atomic<std::thread::id> asking;
  LoopChannels* here = nullptr;
  std::optional<Result<Published>> at_once;
  std::optional<conn::PublishedMessage> message;  // for `here`

  // Has its place: every loop with subscribers is told.
  void placed(const Result<Published>& published) {
    const auto there = hub.lock();
    if (!published || published->duplicate || !there) return;
    const bool is_kept = published->position.offset != 0;
    const LoopChannels* const at_once_there = is_kept ? nullptr : here;
    const LoopMask loops = there->interest_.loops(channel);
    if (loops == 0) return;
    auto as = std::make_shared<conn::PublishedAs>();
    as->form = publication.form;
    as->position = published->position;
    as->publisher = publication.publisher;
    as->key = key;
    as->except = except;
    const Bytes data = as_bytes(std::string_view(*publication.data));
    message.emplace(Message{data, publication.form != Publication::Form::Binary, compress},
                    std::move(as));
    there->announce_to(loops, channel, *message, at_once_there);
    if (at_once_there == nullptr) message.reset();
  }
  void finish(const Result<Published>& published) const {
    if (done) return done(published);
    const auto there = hub.lock();
    if (!published && there) there->report(published.error(), "publishing to " + channel.text);
  }
};

void ChannelHub::keep(engine::NameRef channel, const Message& message, PublishOptions options,
                      const ChannelOptions* rules, const conn::WsSession* except,
                      LoopChannels* here) {
  if (!is_channel_name(channel.text)) {
    if (options.done) return options.done(Errc::BadChannel);
    return report({Errc::BadChannel}, channel.text);
  }
  auto state = std::make_shared<Keeping>(weak_from_this(), channel);
  using Form = Publication::Form;
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

  std::unique_lock lock(order_[channel.hash % order_.size()]);
  engine_->publish(channel.text, state->publication,
                   rules != nullptr ? rules->history : hybi::Keeping{}, options.idempotency_key,
                   [state](Result<Published> published) {
                     if (state->asking == std::this_thread::get_id()) {
                       state->placed(published);
                       state->at_once = published;
                       return;
                     }
                     // Later, from a thread of the engine's.
                     state->here = nullptr;
                     state->placed(published);
                     state->finish(published);
                   });
  lock.unlock();
  state->asking = std::thread::id();
  if (!state->at_once) return;
  if (here != nullptr && state->message) here->arrive(channel, *state->message, state->except);
  state->finish(*state->at_once);
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
