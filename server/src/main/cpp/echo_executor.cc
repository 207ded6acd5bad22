// An executor for machines without a GPU, with the manners of TensorRT-LLM's: it streams, keeps a small cache of
// adapters and evicts from it, asks for weights it no longer has, cancels, fails and stalls. It computes no model: an
// answer repeats the prompt, each token moved on by a sum over the adapter's weights, so that an answer shows which
// adapter it was given.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <cstdio>
#include <cstring>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include "echo_manners.h"
#include "executor.h"

namespace {

using graft::Manners;

using Clock = std::chrono::steady_clock;

void say(graft_message* message, const std::string& text) {
  if (message != nullptr) std::snprintf(message->text, sizeof(message->text), "%s", text.c_str());
}

/** The tensors of put_adapter, as far as an echo needs them. */
struct Weights {
  std::vector<uint8_t> bytes;
  int32_t shift = 0;
};

struct Sequence {
  uint64_t id = 0;
  std::vector<int32_t> prompt;
  std::vector<int32_t> stop_tokens;
  int32_t max_tokens = 0;
  int32_t top_logprobs = -1;
  uint64_t adapter = 0;
  std::shared_ptr<Weights> weights;  // those sent along, if any
  int32_t shift = 0;
  int32_t generated = 0;
  bool running = false;
  bool cancelled = false;
  Clock::time_point arrived = Clock::now();
  int64_t queue_us = -1;
};

/** A response with its own memory. */
struct News {
  uint64_t id = 0;
  std::vector<int32_t> tokens;
  std::vector<float> logprobs;
  std::vector<float> logsumexps;
  size_t top_count = 0;
  std::vector<int32_t> top_tokens;
  std::vector<float> top_logprobs;
  int32_t reason = GRAFT_RUNNING;
  int64_t queue_us = -1;
  std::string error;
};

struct Cached {
  std::shared_ptr<Weights> weights;
  int pins = 0;
  uint64_t used = 0;
};

bool holds(const std::vector<int32_t>& tokens, int32_t token) {
  return token >= 0 && std::find(tokens.begin(), tokens.end(), token) != tokens.end();
}

}  // namespace

struct graft_executor {
  Manners manners;
  int32_t max_waiting = 0;
  std::mutex mutex;
  std::condition_variable work;
  std::condition_variable news_came;
  std::unordered_map<uint64_t, std::shared_ptr<Weights>> put;
  std::unordered_map<uint64_t, Cached> cache;
  std::deque<std::shared_ptr<Sequence>> waiting;
  std::vector<std::shared_ptr<Sequence>> running;
  std::unordered_map<uint64_t, std::shared_ptr<Sequence>> alive;
  std::deque<News> news;
  std::deque<News> handed_out;
  std::vector<graft_response> responses;
  uint64_t next_id = 1;
  uint64_t clock = 0;
  int64_t steps = 0;
  int64_t polls = 0;
  bool closing = false;
  std::thread loop;

  void run();
  void start_waiting();
  bool take_adapter(Sequence& sequence);
  void end(Sequence& sequence, int32_t reason, const std::string& error, News news);
  void step(Sequence& sequence);
  void probabilities(const Sequence& sequence, int32_t token, News& into) const;
};

void graft_executor::run() {
  std::unique_lock<std::mutex> lock(mutex);
  while (!closing) {
    start_waiting();
    const bool idle = std::all_of(running.begin(), running.end(), [this](const auto& sequence) {
      return !sequence->cancelled && holds(sequence->prompt, manners.stall_token);
    });
    if (idle) {
      work.wait(lock);
      continue;
    }
    steps++;
    const std::vector<std::shared_ptr<Sequence>> batch = running;
    for (const auto& sequence : batch) step(*sequence);
    running.erase(std::remove_if(running.begin(), running.end(), [](const auto& one) { return !one->running; }),
                  running.end());
    if (manners.evict_every > 0 && steps % manners.evict_every == 0) {
      for (auto it = cache.begin(); it != cache.end();) it = it->second.pins == 0 ? cache.erase(it) : std::next(it);
    }
    news_came.notify_all();
    lock.unlock();
    if (manners.step_us > 0) std::this_thread::sleep_for(std::chrono::microseconds(manners.step_us));
    lock.lock();
  }
}

void graft_executor::start_waiting() {
  while (!waiting.empty() && running.size() < static_cast<size_t>(manners.running)) {
    std::shared_ptr<Sequence> sequence = waiting.front();
    waiting.pop_front();
    if (sequence->cancelled) {
      end(*sequence, GRAFT_CANCELLED, "", News{});
    } else if (sequence->adapter == 0 || take_adapter(*sequence)) {
      sequence->queue_us =
          std::chrono::duration_cast<std::chrono::microseconds>(Clock::now() - sequence->arrived).count();
      sequence->running = true;
      running.push_back(std::move(sequence));
    }
    news_came.notify_all();
  }
}

/** False if it ended the sequence with one of TensorRT-LLM's two errors. */
bool graft_executor::take_adapter(Sequence& sequence) {
  auto found = cache.find(sequence.adapter);
  if (found == cache.end()) {
    if (sequence.weights == nullptr) {
      end(sequence, GRAFT_ERROR, "LoRA task " + std::to_string(sequence.adapter)
          + " not found in cache. Please send LoRA weights with request", News{});
      return false;
    }
    if (cache.size() >= static_cast<size_t>(manners.adapters)) {
      auto oldest = cache.end();
      for (auto it = cache.begin(); it != cache.end(); ++it) {
        if (it->second.pins == 0 && (oldest == cache.end() || it->second.used < oldest->second.used)) oldest = it;
      }
      if (oldest == cache.end()) {
        end(sequence, GRAFT_ERROR, "Cache is full. There are no done tasks to evict", News{});
        return false;
      }
      cache.erase(oldest);
    }
    found = cache.emplace(sequence.adapter, Cached{sequence.weights, 0, 0}).first;
  }
  found->second.pins++;
  found->second.used = ++clock;
  sequence.shift = found->second.weights->shift;
  return true;
}

void graft_executor::end(Sequence& sequence, int32_t reason, const std::string& error, News last) {
  if (sequence.running && sequence.adapter != 0) cache.at(sequence.adapter).pins--;
  sequence.running = false;
  last.id = sequence.id;
  last.reason = reason;
  last.error = error;
  last.queue_us = sequence.queue_us;
  news.push_back(std::move(last));
  alive.erase(sequence.id);
}

void graft_executor::step(Sequence& sequence) {
  if (sequence.cancelled) {
    end(sequence, GRAFT_CANCELLED, "", News{});
    return;
  }
  if (holds(sequence.prompt, manners.stall_token)) return;
  if (holds(sequence.prompt, manners.fail_token)) {
    end(sequence, GRAFT_ERROR, "Encountered an error in forward function: the prompt holds the failing token", News{});
    return;
  }
  const auto length = static_cast<int32_t>(sequence.prompt.size());
  const int64_t moved = static_cast<int64_t>(sequence.prompt[sequence.generated % length]) + sequence.shift
      + sequence.generated / length;
  const auto token = static_cast<int32_t>(moved % manners.vocabulary);
  sequence.generated++;
  News one;
  one.id = sequence.id;
  one.tokens.push_back(token);
  if (sequence.top_logprobs >= 0) probabilities(sequence, token, one);
  if (holds(sequence.stop_tokens, token)) {
    end(sequence, GRAFT_STOP_TOKEN, "", std::move(one));
  } else if (sequence.generated == sequence.max_tokens) {
    end(sequence, GRAFT_LENGTH, "", std::move(one));
  } else {
    news.push_back(std::move(one));
  }
}

/** The chosen token has the logit 8, the next 64 ids 4, 3.9, 3.8 ..., all others 0: a distribution that sums up. */
void graft_executor::probabilities(const Sequence& sequence, int32_t token, News& into) const {
  const int32_t near = std::min(64, manners.vocabulary - 1);
  double sum = std::exp(8.0) + (manners.vocabulary - 1 - near);
  for (int32_t i = 1; i <= near; i++) sum += std::exp(4.1 - 0.1 * i);
  const auto logsumexp = static_cast<float>(std::log(sum));
  into.logprobs.push_back(8.0F - logsumexp);
  into.logsumexps.push_back(logsumexp);
  into.top_count = static_cast<size_t>(std::min(sequence.top_logprobs, near));
  for (size_t i = 0; i < into.top_count; i++) {
    into.top_tokens.push_back(static_cast<int32_t>((token + static_cast<int64_t>(i)) % manners.vocabulary));
    into.top_logprobs.push_back((i == 0 ? 8.0F : 4.1F - 0.1F * static_cast<float>(i)) - logsumexp);
  }
}

extern "C" {

const char* graft_executor_kind(void) { return "echo"; }

int32_t graft_executor_open(const graft_options* options, graft_executor** executor, graft_message* message) {
  try {
    auto opened = std::make_unique<graft_executor>();
    opened->manners = Manners::of(options->extra);
    opened->max_waiting = options->max_waiting;
    graft_executor* raw = opened.get();
    opened->loop = std::thread([raw] { raw->run(); });
    *executor = opened.release();
    return GRAFT_OK;
  } catch (const std::exception& e) {
    say(message, std::string("the echo executor can't be opened: ") + e.what());
    return GRAFT_FAILED;
  }
}

int32_t graft_executor_submit(graft_executor* executor, const graft_request* request, uint64_t* id,
                              graft_message* message) {
  try {
    auto sequence = std::make_shared<Sequence>();
    sequence->prompt.assign(request->prompt, request->prompt + request->prompt_length);
    sequence->stop_tokens.assign(request->stop_tokens, request->stop_tokens + request->stop_token_count);
    sequence->max_tokens = request->max_tokens;
    sequence->top_logprobs = request->top_logprobs;
    sequence->adapter = request->adapter;
    std::lock_guard<std::mutex> lock(executor->mutex);
    if (executor->closing) {
      say(message, "the executor is closing");
      return GRAFT_CLOSED;
    }
    if (executor->waiting.size() >= static_cast<size_t>(executor->max_waiting)) {
      say(message, "Maximum queue size reached");
      return GRAFT_BUSY;
    }
    if (request->send_adapter != 0) {
      const auto found = executor->put.find(request->adapter);
      if (found == executor->put.end()) {
        say(message, "the adapter was not put");
        return GRAFT_INVALID;
      }
      sequence->weights = found->second;
    }
    sequence->id = executor->next_id++;
    executor->waiting.push_back(sequence);
    executor->alive[sequence->id] = sequence;
    executor->work.notify_all();
    *id = sequence->id;
    return GRAFT_OK;
  } catch (const std::exception& e) {
    say(message, e.what());
    return GRAFT_FAILED;
  }
}

int32_t graft_executor_poll(graft_executor* executor, int32_t timeout_ms, const graft_response** responses,
                            size_t* count, graft_message* message) {
  try {
    std::unique_lock<std::mutex> lock(executor->mutex);
    executor->news_came.wait_for(lock, std::chrono::milliseconds(timeout_ms),
                                 [executor] { return !executor->news.empty() || executor->closing; });
    if (executor->manners.break_after > 0 && ++executor->polls > executor->manners.break_after) {
      say(message, "CUDA error: an illegal memory access was encountered");
      return GRAFT_FAILED;
    }
    executor->handed_out.clear();
    executor->handed_out.swap(executor->news);
    executor->responses.clear();
    for (const News& one : executor->handed_out) {
      graft_response response{};
      response.id = one.id;
      response.tokens = one.tokens.data();
      response.token_count = one.tokens.size();
      response.logprobs = one.logprobs.empty() ? nullptr : one.logprobs.data();
      response.logsumexps = one.logsumexps.empty() ? nullptr : one.logsumexps.data();
      response.top_count = one.top_count;
      response.top_tokens = one.top_tokens.data();
      response.top_logprobs = one.top_logprobs.data();
      response.reason = one.reason;
      response.cached_prompt_tokens = 0;
      response.queue_us = one.queue_us;
      response.error = one.reason == GRAFT_ERROR ? one.error.c_str() : nullptr;
      executor->responses.push_back(response);
    }
    *responses = executor->responses.data();
    *count = executor->responses.size();
    return GRAFT_OK;
  } catch (const std::exception& e) {
    say(message, e.what());
    return GRAFT_FAILED;
  }
}

void graft_executor_cancel(graft_executor* executor, uint64_t id) {
  std::lock_guard<std::mutex> lock(executor->mutex);
  const auto found = executor->alive.find(id);
  if (found == executor->alive.end()) return;
  found->second->cancelled = true;
  executor->work.notify_all();
}

int32_t graft_executor_put_adapter(graft_executor* executor, uint64_t task, int32_t dtype, const void* weights,
                                   size_t rows, size_t width, const int32_t* config, graft_message* message) {
  try {
    auto kept = std::make_shared<Weights>();
    const auto* bytes = static_cast<const uint8_t*>(weights);
    kept->bytes.assign(bytes, bytes + rows * width * (dtype == GRAFT_FLOAT32 ? 4 : 2));
    uint64_t sum = 14695981039346656037ULL;  // FNV-1a over both tensors
    const auto mix = [&sum](const uint8_t* data, size_t size) {
      for (size_t i = 0; i < size; i++) sum = (sum ^ data[i]) * 1099511628211ULL;
    };
    mix(kept->bytes.data(), kept->bytes.size());
    mix(reinterpret_cast<const uint8_t*>(config), rows * 4 * sizeof(int32_t));
    kept->shift = 1 + static_cast<int32_t>(sum % 97);
    std::lock_guard<std::mutex> lock(executor->mutex);
    executor->put[task] = std::move(kept);
    return GRAFT_OK;
  } catch (const std::exception& e) {
    say(message, e.what());
    return GRAFT_FAILED;
  }
}

void graft_executor_drop_adapter(graft_executor* executor, uint64_t task) {
  std::lock_guard<std::mutex> lock(executor->mutex);
  executor->put.erase(task);
}

void graft_executor_stats(graft_executor* executor, graft_stats* stats) {
  std::lock_guard<std::mutex> lock(executor->mutex);
  stats->running = static_cast<int32_t>(executor->running.size());
  stats->waiting = static_cast<int32_t>(executor->waiting.size());
  stats->kv_blocks = 1024;
  stats->kv_free_blocks = 1024 - std::min<int32_t>(1024, stats->running);
  stats->tokens_per_block = 64;
  stats->steps = executor->steps;
  stats->paused = 0;
}

void graft_executor_close(graft_executor* executor) {
  {
    std::lock_guard<std::mutex> lock(executor->mutex);
    executor->closing = true;
    executor->work.notify_all();
    executor->news_came.notify_all();
  }
  executor->loop.join();
  delete executor;
}

}  // extern "C"
