#pragma once
// The hub's quick way through a frame, with simdjson. Private to decode_controller_frame.

#include "common/frame_reader.h"

#include <string_view>

namespace webmacs {

// Whether the frame was read. False for whatever is not plainly right (bad JSON, no object, a number that is out of
// range or has more than 64 bits) or is unusual (more than 16 levels or max_frame_bytes): the reader is spoilt then,
// and nlohmann's parser has to judge. What is read here, that one reads alike. Any thread; each keeps up to 1 MiB for
// the next frame.
bool parse_quickly(std::string_view text, FrameReader& reader);

}  // namespace webmacs
