#include "common/websocket/byte_stream.h"
#include "common/websocket/certificate.h"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <array>

namespace webmacs {
namespace {

namespace ssl = boost::asio::ssl;

// What the operations under way share: they outlive the stream.
struct TlsState {
  TlsState(Tcp::socket socket, ssl::context& context) : stream(std::move(socket), context) {}
  ssl::stream<Tcp::socket> stream;
  // Decrypted bytes of one record. It cannot be shared between streams: the engine fills it before the handler's turn.
  std::array<char, 16 * 1024> read_buffer;
};

class TlsStream final : public ByteStream {
 public:
  TlsStream(Tcp::socket socket, ssl::context& context, bool server, const std::string& host_name)
      : state_(std::make_shared<TlsState>(std::move(socket), context)), server_(server) {
    error_code ignored;  // as for a plain socket
    lowest().non_blocking(true, ignored);
    lowest().set_option(Tcp::no_delay(true), ignored);
    if (!server) expect_name(host_name);
  }
  ~TlsStream() override { close(); }

  void async_handshake(HandshakeHandler handler) override {
    state_->stream.async_handshake(server_ ? ssl::stream_base::server : ssl::stream_base::client,
                                   [state = state_, handler = std::move(handler)](error_code ec) { handler(ec); });
  }

  std::string handshake_problem(error_code ec) override {
    const long verified = SSL_get_verify_result(state_->stream.native_handle());
    if (verified != X509_V_OK) return std::string("certificate: ") + X509_verify_cert_error_string(verified);
    // OpenSSL has a name for each side's finding it out, and neither says what to do.
    const int reason = ec.category() == boost::asio::error::get_ssl_category()
                           ? ERR_GET_REASON(static_cast<unsigned long>(ec.value()))
                           : 0;
    if (reason == SSL_R_UNSUPPORTED_PROTOCOL || reason == SSL_R_TLSV1_ALERT_PROTOCOL_VERSION) {
      return "the peer offers no TLS 1.2 or later";
    }
    return ec.message();
  }

  std::optional<Timestamp> peer_certificate_end() override {
    return first_certificate_end(SSL_get_peer_cert_chain(state_->stream.native_handle()));
  }

  void async_read(ReadHandler handler) override {
    state_->stream.async_read_some(boost::asio::buffer(state_->read_buffer),
                                   [state = state_, handler = std::move(handler)](error_code ec, std::size_t bytes) {
                                     if (!ec && !state->stream.lowest_layer().is_open())
                                       ec = boost::asio::error::operation_aborted;
                                     // A peer that closes without close_notify: WebSocket has its own close frame, so
                                     // nothing can be cut off unseen.
                                     if (ec == ssl::error::stream_truncated) ec = boost::asio::error::eof;
                                     handler(ec, std::string_view(state->read_buffer.data(), ec ? 0 : bytes));
                                   });
  }

  std::size_t write_now(const std::vector<boost::asio::const_buffer>&, error_code& ec) override {
    ec = {};
    return 0;
  }

  void async_write_some(const std::vector<boost::asio::const_buffer>& buffers, WriteHandler handler) override {
    state_->stream.async_write_some(buffers, [state = state_, handler = std::move(handler)](
                                                 error_code ec, std::size_t bytes) { handler(ec, bytes); });
  }

  void async_write(const std::vector<boost::asio::const_buffer>& buffers, WriteHandler handler) override {
    boost::asio::async_write(
        state_->stream, buffers,
        [state = state_, handler = std::move(handler)](error_code ec, std::size_t bytes) { handler(ec, bytes); });
  }

  void shutdown_send() override {
    // Ends when the peer answers, or when the socket is closed.
    state_->stream.async_shutdown([state = state_](error_code) {
      error_code ignored;
      state->stream.lowest_layer().shutdown(Tcp::socket::shutdown_send, ignored);
    });
  }

  void close() override {
    error_code ignored;
    lowest().close(ignored);
  }

  Tcp::socket& socket() override { return state_->stream.next_layer(); }

 private:
  Tcp::socket& lowest() { return state_->stream.next_layer(); }

  void expect_name(const std::string& host_name) {
    SSL* handle = state_->stream.native_handle();
    X509_VERIFY_PARAM* expected = SSL_get0_param(handle);
    SSL_set_verify(handle, SSL_VERIFY_PEER, nullptr);
    error_code not_numeric;
    boost::asio::ip::make_address(host_name, not_numeric);
    if (!not_numeric) {
      X509_VERIFY_PARAM_set1_ip_asc(expected, host_name.c_str());
      return;
    }
    X509_VERIFY_PARAM_set_hostflags(expected, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    X509_VERIFY_PARAM_set1_host(expected, host_name.data(), host_name.size());
    SSL_set_tlsext_host_name(handle, host_name.c_str());
  }

  const std::shared_ptr<TlsState> state_;
  const bool server_;
};

}  // namespace

std::unique_ptr<ByteStream> make_tls_stream(Tcp::socket socket, ssl::context& context, bool server,
                                            const std::string& host_name) {
  return std::make_unique<TlsStream>(std::move(socket), context, server, host_name);
}

}  // namespace webmacs
