// What crosses JNI: little-endian bytes in direct buffers. The Java side is graft.engine.tensorrt.Wire.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <vector>

namespace graft {

/** Thrown by Reader; caught at the border. */
class MalformedBytes : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/** Reads what Java wrote and never beyond its end. */
class Reader {
 public:
  Reader(const uint8_t* data, size_t size) : at_(data), end_(data + size) {}

  template <typename T>
  T number() {
    T value;
    std::memcpy(&value, take(sizeof(T)), sizeof(T));
    return value;
  }

  /** A count and as many numbers. */
  template <typename T>
  std::vector<T> numbers() {
    const size_t count = this->count(sizeof(T));
    std::vector<T> values(count);
    if (count > 0) std::memcpy(values.data(), take(count * sizeof(T)), count * sizeof(T));
    return values;
  }

  std::string text() {
    const size_t size = count(1);
    return std::string(reinterpret_cast<const char*>(take(size)), size);
  }

  void end() const {
    if (at_ != end_) throw MalformedBytes("bytes are left over");
  }

 private:
  size_t count(size_t each) {
    const auto count = number<uint32_t>();
    if (count > static_cast<size_t>(end_ - at_) / each) throw MalformedBytes("a count exceeds the bytes that follow");
    return count;
  }

  const uint8_t* take(size_t size) {
    if (size > static_cast<size_t>(end_ - at_)) throw MalformedBytes("the bytes end early");
    const uint8_t* taken = at_;
    at_ += size;
    return taken;
  }

  const uint8_t* at_;
  const uint8_t* end_;
};

/** Writes into a buffer of Java's; the caller knows beforehand that there is room. */
class Writer {
 public:
  Writer(uint8_t* data, size_t size) : start_(data), at_(data), end_(data + size) {}

  template <typename T>
  void number(T value) {
    bytes(&value, sizeof(T));
  }

  void text(const std::string& text) {
    number<uint32_t>(static_cast<uint32_t>(text.size()));
    bytes(text.data(), text.size());
  }

  size_t written() const { return static_cast<size_t>(at_ - start_); }
  size_t room() const { return static_cast<size_t>(end_ - at_); }

 private:
  void bytes(const void* from, size_t size) {
    if (size > room()) throw MalformedBytes("the buffer is too small");
    if (size > 0) std::memcpy(at_, from, size);
    at_ += size;
  }

  uint8_t* start_;
  uint8_t* at_;
  uint8_t* end_;
};

}  // namespace graft
