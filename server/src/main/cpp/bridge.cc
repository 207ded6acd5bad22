#include "bridge.h"

#include <algorithm>
#include <cstdio>

#include "wire.h"

namespace graft {

/** One request's news that Java has not fetched yet. */
struct Bridge::Event {
  int64_t id = 0;
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  std::vector<float> logsumexps;
  size_t top_count = 0;
  std::vector<int32_t> top_tokens;
  std::vector<float> top_logprobs;
  int32_t reason = GRAFT_RUNNING;
  Failure failure = Failure::kNone;
  int32_t cached = -1;
  int64_t queue_us = -1;
  std::string error;
  size_t from = 0;  // tokens before it were fetched already

  static constexpr size_t kHead = 48;
  static constexpr size_t kLongestError = 2048;

  size_t token_bytes() const { return 12 + top_count * 8; }
};

std::unique_ptr<Bridge> Bridge::open(Settings settings, std::string& message) {
  std::unique_ptr<Bridge> bridge(new Bridge(std::move(settings)));
  Settings& own = bridge->settings_;
  own.fields.engine_folder = own.engine_folder.c_str();
  own.fields.vocabulary = own.vocabulary.data();
  own.fields.vocabulary_bytes = own.vocabulary.size();
  own.fields.tokenizer = own.tokenizer.c_str();
  own.fields.stop_tokens = own.stop_tokens.data();
  own.fields.stop_token_count = own.stop_tokens.size();
  own.fields.extra = own.extra.c_str();
  graft_message text{};
  if (graft_executor_open(&own.fields, &bridge->executor_, &text) != GRAFT_OK) {
    message = text.text;
    return nullptr;
  }
  return bridge;
}

Bridge::Bridge(Settings settings) : settings_(std::move(settings)) {}

Bridge::~Bridge() {
  if (executor_ != nullptr) graft_executor_close(executor_);
}

int64_t Bridge::submit(Request request, std::string& message) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_) {
    message = "the engine is closing";
    return -GRAFT_CLOSED;
  }
  Adapter* adapter = nullptr;
  if (request.fields.adapter != 0) {
    const auto found = adapters_.find(request.fields.adapter);
    if (found == adapters_.end()) {
      message = "the adapter was not put";
      return -GRAFT_INVALID;
    }
    adapter = &found->second;
  }
  // The lock is held until the executor's id is known here: a response may come before submit returns.
  const int64_t id = next_id_;
  Live& live = live_[id];
  live.request = std::move(request);
  const int32_t code = send(live, adapter != nullptr && !adapter->sent, message);
  if (code != GRAFT_OK) {
    live_.erase(id);
    return -code;
  }
  if (adapter != nullptr) {
    adapter->sent = true;
    adapter->uses++;
  }
  by_executor_id_[live.executor_id] = id;
  next_id_++;
  return id;
}

int32_t Bridge::send(Live& live, bool with_adapter, std::string& message) {
  graft_request fields = live.request.fields;
  fields.prompt = live.request.prompt.data();
  fields.prompt_length = live.request.prompt.size();
  fields.stop_tokens = live.request.stop_tokens.data();
  fields.stop_token_count = live.request.stop_tokens.size();
  fields.bias_tokens = live.request.bias_tokens.data();
  fields.bias_values = live.request.bias_values.data();
  fields.bias_count = live.request.bias_tokens.size();
  fields.guide_text = live.request.guide_text.c_str();
  fields.send_adapter = with_adapter ? 1 : 0;
  graft_message text{};
  const int32_t code = graft_executor_submit(executor_, &fields, &live.executor_id, &text);
  if (code != GRAFT_OK) message = text.text;
  return code;
}

void Bridge::cancel(int64_t id) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = live_.find(id);
  if (found == live_.end() || found->second.cancelled) return;
  found->second.cancelled = true;
  if (found->second.parked) {
    parked_.erase(std::find(parked_.begin(), parked_.end(), id));
    end(id, GRAFT_CANCELLED, Failure::kNone, "", -1, -1);
  } else {
    graft_executor_cancel(executor_, found->second.executor_id);
  }
}

int64_t Bridge::poll(int32_t timeout_ms, uint8_t* out, size_t capacity) {
  std::lock_guard<std::mutex> one_at_a_time(polling_);
  if (capacity < kSmallestBuffer) return -GRAFT_INVALID;
  bool fetch = false;
  {
    std::lock_guard<std::mutex> lock(mutex_);
    if (ready_.empty() && live_.empty() && closing_) return -GRAFT_CLOSED;
    fetch = ready_.empty();
  }
  if (fetch) {
    const graft_response* responses = nullptr;
    size_t count = 0;
    graft_message text{};
    const int32_t code = graft_executor_poll(executor_, timeout_ms, &responses, &count, &text);
    std::lock_guard<std::mutex> lock(mutex_);
    for (size_t i = 0; code == GRAFT_OK && i < count; i++) take_in(responses[i]);
    if (code != GRAFT_OK) {
      // An executor that can't be polled any more will never end anything: everything ends here.
      parked_.clear();
      by_executor_id_.clear();
      while (!live_.empty()) end(live_.begin()->first, GRAFT_ERROR, classify(text.text), text.text, -1, -1);
      closing_ = true;
    }
    unpark();
  }
  std::lock_guard<std::mutex> lock(mutex_);
  size_t written = 0;
  while (!ready_.empty() && capacity - written >= Event::kHead + Event::kLongestError + ready_.front().token_bytes()) {
    Event& event = ready_.front();
    write(event, out, capacity, written);
    if (event.from < event.tokens.size()) break;
    ready_.pop_front();
  }
  return static_cast<int64_t>(written);
}

void Bridge::take_in(const graft_response& response) {
  const auto named = by_executor_id_.find(response.id);
  if (named == by_executor_id_.end()) return;  // it ended here already
  const int64_t id = named->second;
  Live& live = live_.at(id);
  if (response.reason == GRAFT_ERROR) {
    const std::string text = response.error == nullptr ? "the executor gave no reason" : response.error;
    const Failure failure = classify(text);
    by_executor_id_.erase(named);
    if (!try_again(id, live, failure)) end(id, GRAFT_ERROR, failure, text, -1, response.queue_us);
    return;
  }
  if (response.token_count > 0) {
    Event event;
    event.id = id;
    event.tokens.assign(response.tokens, response.tokens + response.token_count);
    if (response.logprobs != nullptr) {
      event.logprobs.assign(response.logprobs, response.logprobs + response.token_count);
    }
    if (response.logsumexps != nullptr) {
      event.logsumexps.assign(response.logsumexps, response.logsumexps + response.token_count);
    }
    const size_t tops = response.token_count * response.top_count;
    event.top_count = response.top_count;
    if (tops > 0) {
      event.top_tokens.assign(response.top_tokens, response.top_tokens + tops);
      event.top_logprobs.assign(response.top_logprobs, response.top_logprobs + tops);
    }
    ready_.push_back(std::move(event));
  }
  if (response.reason != GRAFT_RUNNING) {
    by_executor_id_.erase(response.id);
    end(id, response.reason, Failure::kNone, "", response.cached_prompt_tokens, response.queue_us);
  }
}

bool Bridge::try_again(int64_t id, Live& live, Failure failure) {
  if (closing_ || live.request.fields.adapter == 0) return false;
  if (live.cancelled) {
    end(id, GRAFT_CANCELLED, Failure::kNone, "", -1, -1);
    return true;
  }
  bool held_back = failure == Failure::kAdaptersFull;
  if (failure == Failure::kAdapterMissing && !live.resent) {
    std::string message;
    live.resent = true;
    const int32_t code = send(live, true, message);
    if (code == GRAFT_OK) by_executor_id_[live.executor_id] = id;
    if (code != GRAFT_BUSY) return code == GRAFT_OK;
    held_back = true;  // others took its place in the queue meanwhile
  }
  // It waits for another request's end, which frees an adapter or a place. Alone it would wait for ever.
  const bool others_run = live_.size() > parked_.size() + 1;
  if (!held_back || !others_run) return false;
  live.parked = true;
  parked_.push_back(id);
  return true;
}

void Bridge::unpark() {
  // As many as have ended since: only an end frees an adapter, and asking without one would spin.
  size_t tries = live_.size() == parked_.size() ? std::max<size_t>(ended_, 1) : ended_;
  ended_ = 0;
  for (; tries > 0 && !parked_.empty(); tries--) {
    const int64_t id = parked_.front();
    Live& live = live_.at(id);
    std::string message;
    live.resent = true;  // it goes with its weights
    const int32_t code = send(live, true, message);
    if (code == GRAFT_BUSY) {
      ended_ = tries;
      return;
    }
    parked_.pop_front();
    live.parked = false;
    if (code == GRAFT_OK) {
      by_executor_id_[live.executor_id] = id;
    } else {
      end(id, GRAFT_ERROR, classify(message), message, -1, -1);
    }
  }
}

void Bridge::end(int64_t id, int32_t reason, Failure failure, std::string error, int32_t cached, int64_t queue_us) {
  const auto found = live_.find(id);
  const uint64_t task = found->second.request.fields.adapter;
  if (task != 0) {
    Adapter& adapter = adapters_.at(task);
    adapter.uses--;
    if (failure == Failure::kAdapterMissing) adapter.sent = false;
  }
  live_.erase(found);
  ended_++;
  Event event;
  event.id = id;
  event.reason = reason;
  event.failure = failure;
  event.cached = cached;
  event.queue_us = queue_us;
  event.error = error.substr(0, Event::kLongestError - 8);
  ready_.push_back(std::move(event));
}

/** As many of its tokens as fit, and its end once they are all written. */
void Bridge::write(Event& event, uint8_t* out, size_t capacity, size_t& written) {
  const size_t room = capacity - written - Event::kHead - Event::kLongestError;
  const size_t count = std::min(event.tokens.size() - event.from, room / event.token_bytes());
  const bool last = event.from + count == event.tokens.size();
  Writer writer(out + written, capacity - written);
  writer.number<int64_t>(event.id);
  writer.number<int32_t>(last ? event.reason : static_cast<int32_t>(GRAFT_RUNNING));
  writer.number<int32_t>(static_cast<int32_t>(event.failure));
  writer.number<int32_t>(event.cached);
  writer.number<int64_t>(event.queue_us);
  writer.number<int32_t>(static_cast<int32_t>(event.top_count));
  writer.number<int32_t>(static_cast<int32_t>(count));
  for (size_t i = event.from; i < event.from + count; i++) {
    writer.number<int32_t>(event.tokens[i]);
    writer.number<float>(event.logprobs.empty() ? 0.0F : event.logprobs[i]);
    writer.number<float>(event.logsumexps.empty() ? 0.0F : event.logsumexps[i]);
    for (size_t j = i * event.top_count; j < (i + 1) * event.top_count; j++) {
      writer.number<int32_t>(event.top_tokens[j]);
      writer.number<float>(event.top_logprobs[j]);
    }
  }
  writer.text(event.error);
  event.from += count;
  written += writer.written();
}

int32_t Bridge::put_adapter(uint64_t task, int32_t dtype, const void* weights, size_t weight_bytes, size_t rows,
                            size_t width, const int32_t* config, std::string& message) {
  std::lock_guard<std::mutex> lock(mutex_);
  if (closing_) {
    message = "the engine is closing";
    return GRAFT_CLOSED;
  }
  if (task == 0 || rows == 0 || width == 0 || weight_bytes != rows * width * (dtype == GRAFT_FLOAT32 ? 4 : 2)) {
    message = "the adapter's tensors have another size than its shape";
    return GRAFT_INVALID;
  }
  if (adapters_.count(task) != 0) return GRAFT_OK;
  if (adapter_bytes_ + weight_bytes > static_cast<size_t>(settings_.adapter_bytes)) {
    message = "adapters fill their host memory";
    return GRAFT_BUSY;
  }
  graft_message text{};
  const int32_t code = graft_executor_put_adapter(executor_, task, dtype, weights, rows, width, config, &text);
  if (code != GRAFT_OK) {
    message = text.text;
    return code;
  }
  adapters_[task].bytes = weight_bytes;
  adapter_bytes_ += weight_bytes;
  return GRAFT_OK;
}

bool Bridge::drop_adapter(uint64_t task) {
  std::lock_guard<std::mutex> lock(mutex_);
  const auto found = adapters_.find(task);
  if (found == adapters_.end()) return true;
  if (found->second.uses > 0) return false;
  adapter_bytes_ -= found->second.bytes;
  adapters_.erase(found);
  graft_executor_drop_adapter(executor_, task);
  return true;
}

graft_stats Bridge::stats() {
  graft_stats stats{};
  graft_executor_stats(executor_, &stats);
  std::lock_guard<std::mutex> lock(mutex_);
  stats.waiting += static_cast<int32_t>(parked_.size());
  return stats;
}

void Bridge::shutdown() {
  std::lock_guard<std::mutex> lock(mutex_);
  closing_ = true;
  while (!parked_.empty()) {
    const int64_t id = parked_.front();
    parked_.pop_front();
    end(id, GRAFT_CANCELLED, Failure::kNone, "", -1, -1);
  }
  for (auto& [id, live] : live_) {
    if (live.cancelled) continue;
    live.cancelled = true;
    graft_executor_cancel(executor_, live.executor_id);
  }
}

}  // namespace graft
