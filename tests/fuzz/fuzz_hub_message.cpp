// Whatever a hub answers: what an agent understands has sane members, and encodes to what decodes to the same.

#include "common/messages.h"
#include "common/utf8.h"
#include "property.h"

#include <type_traits>

using namespace webmacs;

namespace {

void check_members(const ConnectedMessage& message) {
  WEBMACS_PROPERTY(message.max_batch >= 1 && message.max_batch <= max_batch_readings && message.credit >= 1);
}
void check_members(const AckMessage& message) {
  WEBMACS_PROPERTY(message.batch >= 0 && message.batch <= max_batch_number);
}
void check_members(const BusyMessage& message) {
  WEBMACS_PROPERTY(message.retry_after >= 0 && message.retry_after <= 3600);
}
void check_members(const ErrorMessage& message) {
  WEBMACS_PROPERTY(valid_utf8(message.message));
}
void check_members(const PongMessage&) {}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const HubMessage message = decode_hub_message({reinterpret_cast<const char*>(data), size});
  std::visit(
      [](const auto& known) {
        using Message = std::decay_t<decltype(known)>;
        if constexpr (!std::is_same_v<Message, UnknownMessage>) {
          check_members(known);
          const std::string text = encode(known);
          const HubMessage again = decode_hub_message(text);
          WEBMACS_PROPERTY(std::holds_alternative<Message>(again));
          WEBMACS_PROPERTY(encode(std::get<Message>(again)) == text);
        }
      },
      message);
  return 0;
}
