#pragma once
// What of websocketpp is used, and how: its HTTP heads and its RFC 6455 frame processor. Included by the .cpp files of
// this folder that need it and by nothing else.
//
// Of websocketpp's layers only the `processor` is taken, not the `connection` above it. The connection brings 2 KB per
// peer, copies its input in pieces of 256 bytes, ends itself after some close codes without waiting for the peer, and
// answers a length that is not minimal with 1011; what it adds (the order of open, text and close) is protocol_engine.

#define _WEBSOCKETPP_CPP11_STL_
#include <websocketpp/common/cpp11.hpp>
#include <websocketpp/common/stdint.hpp>
#include <websocketpp/extensions/permessage_deflate/disabled.hpp>
#include <websocketpp/http/request.hpp>
#include <websocketpp/http/response.hpp>
#include <websocketpp/message_buffer/alloc.hpp>
#include <websocketpp/message_buffer/message.hpp>
#include <websocketpp/processors/hybi13.hpp>
#include <websocketpp/random/none.hpp>
#include <websocketpp/uri.hpp>

#include <cstddef>
#include <cstdint>

namespace webmacs {

// Masks and handshake keys must not be guessable (RFC 6455 section 10.3). Throws std::runtime_error when the system has
// no randomness.
struct SecureRandom {
  std::uint32_t operator()();
};

template <typename Random>
struct EngineConfig {
  using type = EngineConfig;
  using request_type = websocketpp::http::parser::request;
  using response_type = websocketpp::http::parser::response;
  using message_type = websocketpp::message_buffer::message<websocketpp::message_buffer::alloc::con_msg_manager>;
  using con_msg_manager_type = websocketpp::message_buffer::alloc::con_msg_manager<message_type>;
  using rng_type = Random;
  // Compression stays off: 61 KB on the wire became 62.9 MB under a 64 KB limit.
  static constexpr bool enable_extensions = false;
  static constexpr std::size_t max_message_size = 64 * 1024;  // until set_max_message_size
  struct permessage_deflate_config {  // NOLINT(readability-identifier-naming): the name that websocketpp asks for
    using request_type = EngineConfig::request_type;
  };
  using permessage_deflate_type = websocketpp::extensions::permessage_deflate::disabled<permessage_deflate_config>;
};

using ServerConfig = EngineConfig<websocketpp::random::none::int_generator<std::uint32_t>>;  // servers never mask
using ClientConfig = EngineConfig<SecureRandom>;

}  // namespace webmacs
