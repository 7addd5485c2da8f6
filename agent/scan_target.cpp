#include "agent/scan.h"
#include "common/parse_number.h"
#include "hardware/baud_rates.h"

#include <fmt/format.h>

#include <algorithm>

namespace webmacs {
namespace {

std::optional<int> number(std::string_view text, int least, int most) {
  const auto value = parse_number<int>(text);
  return value && *value >= least && *value <= most ? value : std::nullopt;
}

bool read_host(std::string_view text, DeviceSettings& device) {
  device.transport = Transport::tcp;
  const bool bracketed = text.front() == '[';
  const std::size_t end_of_host = bracketed ? text.find(']') : text.find(':');
  if (bracketed && end_of_host == std::string_view::npos) return false;
  // More than one colon without brackets is a bare IPv6 address.
  if (!bracketed && std::ranges::count(text, ':') > 1) {
    device.host = text;
    return true;
  }
  device.host = bracketed ? text.substr(1, end_of_host - 1) : text.substr(0, end_of_host);
  const std::string_view rest =
      end_of_host == std::string_view::npos ? std::string_view() : text.substr(end_of_host + (bracketed ? 1 : 0));
  if (device.host.empty() || device.host.find_first_of(" \t/") != std::string::npos) return false;
  if (rest.empty()) return true;
  const auto port = rest.front() == ':' ? number(rest.substr(1), 1, 65535) : std::nullopt;
  device.port = port.value_or(0);
  return port.has_value();
}

// "8N1": false when it is not of that shape.
bool read_framing(std::string_view text, DeviceSettings& device) {
  if (text.size() != 3 || text[0] != '8' || (text[2] != '1' && text[2] != '2')) return false;
  const std::size_t parity = std::string_view("NEOneo").find(text[1]);
  if (parity == std::string_view::npos) return false;
  device.parity = static_cast<Parity>(parity % 3);
  device.stop_bits = text[2] - '0';
  return true;
}

// A port's path may hold colons itself (/dev/serial/by-path/…), so it is read from its end.
bool read_serial(std::string_view text, DeviceSettings& device) {
  device.transport = Transport::rtu;
  std::size_t colon = text.rfind(':');
  const bool framed = colon != std::string_view::npos && read_framing(text.substr(colon + 1), device);
  if (framed) {
    text = text.substr(0, colon);
    colon = text.rfind(':');
  }
  const auto baud = colon == std::string_view::npos ? std::nullopt : number(text.substr(colon + 1), 1, 10'000'000);
  if (baud) {
    if (!is_baud_rate(*baud)) return false;
    device.baud = *baud;
    text = text.substr(0, colon);
  } else if (framed || (colon != std::string_view::npos && text.size() - colon <= 4)) {  // "8Q1", or no rate before it
    return false;
  }
  device.serial = text;
  return !text.empty();
}

bool read_units(std::string_view text, int least, int most, ScanTarget& target) {
  const std::size_t dash = text.find('-');
  const auto first = number(text.substr(0, dash), least, most);
  const auto last = dash == std::string_view::npos ? first : number(text.substr(dash + 1), least, most);
  if (!first || !last || *first > *last) return false;
  target.first_unit = *first;
  target.last_unit = *last;
  return true;
}

}  // namespace

std::optional<ScanTarget> parse_scan_target(const ScanArguments& arguments, std::string& mistake) {
  ScanTarget target;
  target.device.name = "scanned";
  target.device.retries = 0;
  target.device.timeout = arguments.timeout;
  if (arguments.host.empty() == arguments.serial.empty()) {
    mistake = "scan needs --host H[:PORT] or --serial PORT[:BAUD:8N1], one of the two";
  } else if (!arguments.host.empty() && !read_host(arguments.host, target.device)) {
    mistake = fmt::format("--host {}: not a host (a name or an address and, if not 502, a port: 192.168.0.10:1502)",
                          arguments.host);
  } else if (!arguments.serial.empty() && !read_serial(arguments.serial, target.device)) {
    mistake = fmt::format("--serial {}: not a serial port (PORT[:BAUD[:8N1]], e.g. /dev/ttyUSB0:9600:8E1; rates: {})",
                          arguments.serial, fmt::join(baud_rates, ", "));
  } else {
    // Unit 0 is a broadcast on a serial line; on TCP 0 and 255 are legal.
    const bool tcp = target.device.transport == Transport::tcp;
    if (read_units(arguments.units, tcp ? 0 : 1, 255, target)) return target;
    mistake = fmt::format("--units {}: not a range of units ({}, e.g. 1-247 or 17)", arguments.units,
                          tcp ? "0 to 255" : "1 to 255");
  }
  return std::nullopt;
}

}  // namespace webmacs
