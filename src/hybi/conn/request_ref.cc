// Finding a request again, see request_ref.h.
#include <hybi/conn/http_session.h>
#include <hybi/conn/loop_context.h>
#include <hybi/conn/request_ref.h>

#include <utility>

namespace hybi::conn {

HttpSession* RequestRef::find(LoopContext& context) const {
  Connection* const live = context.find(connection.slot, connection.generation);
  HttpSession* const session = live != nullptr ? live->session().as_http() : nullptr;
  return session != nullptr && session->request_number() == number ? session : nullptr;
}

HttpSession* RequestRef::find_here() const {
  if (!connection.port->on_loop_thread()) return nullptr;
  LoopContext* const context = connection.port->context();
  return context != nullptr ? find(*context) : nullptr;
}

bool RequestRef::post(UniqueFunction<void(HttpSession&)> task) const {
  return connection.port->post([of = *this, task = std::move(task)](LoopContext& context) mutable {
    if (HttpSession* const session = of.find(context)) task(*session);
  });
}

}  // namespace hybi::conn
