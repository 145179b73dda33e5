// Counting and posting, see loop_port.h.
#include <hybi/conn/loop_port.h>

namespace hybi {

PortRef::PortRef(conn::LoopPort* port) : port_(port) {
  if (port_ != nullptr) port_->add_ref();
}

PortRef::~PortRef() {
  if (port_ != nullptr) port_->release();
}

namespace conn {

PortRef LoopPort::create(std::shared_ptr<io::Mailbox> mailbox, LoopContext& context) {
  return PortRef(new LoopPort(std::move(mailbox), context));
}

void LoopPort::release() {
  if (references_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
}

bool LoopPort::post(UniqueFunction<void(LoopContext&)> task, std::size_t cost) {
  return mailbox_->post(
      [self = PortRef(this), task = std::move(task)]() mutable {
        if (LoopContext* context = self->context()) task(*context);
      },
      cost);
}

bool LoopPort::post_message(UniqueFunction<void(LoopContext&)> task, std::size_t message_bytes) {
  constexpr std::size_t kTaskBytes = 128;  // what a waiting task costs besides the message
  if (post(std::move(task), message_bytes + kTaskBytes)) return true;
  if (!closed()) dropped_.fetch_add(1, std::memory_order_relaxed);
  return false;
}

}  // namespace conn
}  // namespace hybi
