// The bridge's logic between JNI and an executor: which adapters the executor was given, resending one that it has
// evicted, holding requests back while its adapter cache is full, and error texts turned into kinds. Knows neither JNI
// nor TensorRT-LLM, so that it is tested without both.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "executor.h"

namespace graft {

/** A request with its own copies of everything, so that it can be sent again. */
struct Request {
  std::vector<int32_t> prompt;
  std::vector<int32_t> stop_tokens;
  std::vector<int32_t> bias_tokens;
  std::vector<float> bias_values;
  std::string guide_text;
  graft_request fields{};  // its pointers are set when it is sent

  static Request read(const uint8_t* bytes, size_t size);
};

/** What a failure was, beside its text. The numbers are those of graft.engine.tensorrt.Failure. */
enum class Failure : int32_t {
  kNone = 0,
  kInvalid = 1,
  kAdapterMissing = 2,
  kAdaptersFull = 3,
  kMemory = 4,
  kOther = 5
};

/** By the texts of TensorRT-LLM 1.2.1; whatever is not known is kOther. */
Failure classify(const std::string& text);

struct Settings {
  std::string engine_folder;
  std::string vocabulary;
  std::string tokenizer;
  std::vector<int32_t> stop_tokens;
  std::string extra;
  graft_options fields{};  // its pointers are set by open
  int64_t adapter_bytes = 0;

  static Settings read(const uint8_t* bytes, size_t size);
};

/**
 * One open executor. Any thread may call; poll is for one at a time. Every accepted request gets exactly one end,
 * whatever happens to it, also while shutting down.
 */
class Bridge {
 public:
  /** Null with a message if the executor can't be opened. */
  static std::unique_ptr<Bridge> open(Settings settings, std::string& message);
  ~Bridge();
  Bridge(const Bridge&) = delete;
  Bridge& operator=(const Bridge&) = delete;

  /** An id above zero, or minus a graft_code with a message. */
  int64_t submit(Request request, std::string& message);

  /** Its end still comes. Unknown ids are ignored. */
  void cancel(int64_t id);

  /**
   * Waits for news and writes as much of it as fits; the rest comes with the next call, and until it is fetched the
   * executor is not asked for more.
   *
   * @return bytes written, 0 if there was no news, or -GRAFT_CLOSED once it is shut down and every end was fetched
   */
  int64_t poll(int32_t timeout_ms, uint8_t* out, size_t capacity);

  /** Bytes a poll's buffer must have at least. */
  static constexpr size_t kSmallestBuffer = 64 * 1024;

  /** GRAFT_BUSY if adapters of running requests leave no room. Putting one again that is there changes nothing. */
  int32_t put_adapter(uint64_t task, int32_t dtype, const void* weights, size_t weight_bytes, size_t rows, size_t width,
                      const int32_t* config, std::string& message);

  /** Forgets an adapter that no request uses; false if one does. */
  bool drop_adapter(uint64_t task);

  graft_stats stats();

  /** Cancels all and refuses what follows; poll goes on until every end was fetched. */
  void shutdown();

 private:
  struct Live {
    Request request;
    uint64_t executor_id = 0;
    bool resent = false;
    bool cancelled = false;
    bool parked = false;
  };
  struct Adapter {
    size_t bytes = 0;
    int uses = 0;
    bool sent = false;
  };
  struct Event;

  explicit Bridge(Settings settings);
  int32_t send(Live& live, bool with_adapter, std::string& message);
  void take_in(const graft_response& response);
  bool try_again(int64_t id, Live& live, Failure failure);
  void unpark();
  void end(int64_t id, int32_t reason, Failure failure, std::string error, int32_t cached, int64_t queue_us);
  void write(Event& event, uint8_t* out, size_t capacity, size_t& written);

  Settings settings_;
  graft_executor* executor_ = nullptr;
  std::mutex mutex_;
  std::mutex polling_;
  std::unordered_map<int64_t, Live> live_;
  std::unordered_map<uint64_t, int64_t> by_executor_id_;
  std::unordered_map<uint64_t, Adapter> adapters_;
  std::deque<int64_t> parked_;
  std::deque<Event> ready_;
  size_t adapter_bytes_ = 0;
  int64_t next_id_ = 1;
  size_t ended_ = 0;  // requests since the parked ones were last tried
  bool closing_ = false;
};

}  // namespace graft
