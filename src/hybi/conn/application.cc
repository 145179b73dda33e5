// What an application is told of exceptions, see application.h.
#include <hybi/conn/application.h>

#include <exception>

namespace hybi::conn {

void Application::on_exception(Errc errc) {
  try {
    throw;
  } catch (const std::exception& exception) {
    on_error({errc}, exception.what());
  } catch (...) {
    on_error({errc}, "an exception of unknown type");
  }
}

}  // namespace hybi::conn
