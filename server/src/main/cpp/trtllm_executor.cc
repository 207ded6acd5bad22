// The executor port on TensorRT-LLM 1.2.1: the only file that includes its headers. Written against the documented
// classes by default constructors and setters, because the long argument lists move between releases; PeftCacheConfig
// has no setters. Not run here: README.md says what was checked where.
#include <tensorrt_llm/executor/executor.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <filesystem>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "executor.h"
#include "trtllm_news.h"

// From tensorrt_llm/plugins/api/tllmPlugin.h, which needs TensorRT's own headers.
extern "C" bool initTrtLlmPlugins(void* logger, char const* libNamespace);

namespace tle = tensorrt_llm::executor;

namespace {

using graft::News;

void say(graft_message* message, const char* text) { std::snprintf(message->text, sizeof(message->text), "%s", text); }

/** Runs it; an exception becomes a message. */
template <typename Call>
int32_t guarded(graft_message* message, Call call) {
  try {
    return call();
  } catch (const std::exception& e) {
    say(message, e.what());
  } catch (...) {
    say(message, "TensorRT-LLM failed without a description");
  }
  return GRAFT_FAILED;
}

tle::DataType type_of(int32_t dtype) {
  switch (dtype) {
    case GRAFT_FLOAT16: return tle::DataType::kFP16;
    case GRAFT_BFLOAT16: return tle::DataType::kBF16;
    default: return tle::DataType::kFP32;
  }
}

int32_t reason_of(const tle::Result& result) {
  const auto reason = result.finishReasons.empty() ? tle::FinishReason::kNOT_FINISHED : result.finishReasons.front();
  switch (reason) {
    case tle::FinishReason::kEND_ID:
    case tle::FinishReason::kSTOP_WORDS: return GRAFT_STOP_TOKEN;
    case tle::FinishReason::kTIMED_OUT: return GRAFT_TIMED_OUT;
    case tle::FinishReason::kCANCELLED: return GRAFT_CANCELLED;
    case tle::FinishReason::kLENGTH: return GRAFT_LENGTH;
    // A final result without a reason is that of a cancelled request.
    case tle::FinishReason::kNOT_FINISHED: return GRAFT_CANCELLED;
  }
  return GRAFT_ERROR;
}

struct Adapter {
  tle::Tensor weights;  // [1, rows, width]
  tle::Tensor config;   // [1, rows, 4]
};

/** What a response needs of its request. */
struct Asked {
  int32_t top_logprobs = -1;
};

std::vector<std::string> words_of(const char* bytes, size_t size) {
  std::vector<std::string> words;
  for (const char* at = bytes; at < bytes + size; at += words.back().size() + 1) words.emplace_back(at);
  return words;
}

}  // namespace

struct graft_executor {
  std::unique_ptr<tle::Executor> executor;
  int32_t vocabulary_size = 0;
  std::mutex mutex;
  std::unordered_map<uint64_t, Adapter> adapters;
  std::unordered_map<uint64_t, Asked> asked;
  graft_stats stats{};
  std::vector<News> news;
  std::vector<graft_response> responses;

  void refresh_stats();
  void take_in(const tle::Response& response);
  void take_logits(const tle::Tensor& logits, const Asked& how, News& into);
};

namespace {

tle::ExecutorConfig config_of(const graft_options& options) {
  tle::ExecutorConfig config;
  tle::KvCacheConfig kv;
  kv.setEnableBlockReuse(true);
  kv.setFreeGpuMemoryFraction(options.kv_free_fraction);
  if (options.kv_host_bytes > 0) kv.setHostCacheSize(static_cast<size_t>(options.kv_host_bytes));
  config.setKvCacheConfig(kv);
  config.setEnableChunkedContext(true);
  config.setGatherGenerationLogits(true);
  config.setMaxQueueSize(options.max_waiting);
  if (options.max_running > 0) config.setMaxBatchSize(options.max_running);
  tle::ParallelConfig parallel;
  parallel.setDeviceIds({options.device});
  config.setParallelConfig(parallel);
  if (options.max_adapter_rank > 0) {
    config.setPeftCacheConfig(tle::PeftCacheConfig(0, 0, tle::PeftCacheConfig::kDefaultOptimalAdapterSize,
        options.max_adapter_rank, 1, 1, 1, tle::PeftCacheConfig::kDefaultMaxPagesPerBlockHost,
        tle::PeftCacheConfig::kDefaultMaxPagesPerBlockDevice, options.adapter_device_fraction,
        static_cast<size_t>(options.adapter_host_bytes)));
  }
  if (options.vocabulary_bytes > 0) {
    tle::GuidedDecodingConfig guided(tle::GuidedDecodingConfig::GuidedDecodingBackend::kXGRAMMAR);
    guided.setEncodedVocab(words_of(options.vocabulary, options.vocabulary_bytes));
    if (options.tokenizer[0] != '\0') guided.setTokenizerStr(options.tokenizer);
    guided.setStopTokenIds(std::vector<tle::TokenIdType>(options.stop_tokens,
        options.stop_tokens + options.stop_token_count));
    config.setGuidedDecodingConfig(guided);
  }
  return config;
}

tle::SamplingConfig sampling_of(const graft_request& request) {
  tle::SamplingConfig sampling;
  if (request.temperature <= 0) {
    sampling.setTopK(1);
  } else {
    sampling.setTemperature(request.temperature);
    if (request.top_k > 0) sampling.setTopK(request.top_k);
    if (request.top_p < 1) sampling.setTopP(request.top_p);
    if (request.min_p > 0) sampling.setMinP(request.min_p);
    if (request.seeded != 0) sampling.setSeed(request.seed);
  }
  if (request.frequency_penalty != 0) sampling.setFrequencyPenalty(request.frequency_penalty);
  if (request.presence_penalty != 0) sampling.setPresencePenalty(request.presence_penalty);
  if (request.repetition_penalty != 1) sampling.setRepetitionPenalty(request.repetition_penalty);
  return sampling;
}

tle::Tensor bias_of(const graft_request& request, int32_t vocabulary) {
  tle::Tensor bias = tle::Tensor::cpu(tle::DataType::kFP32, {vocabulary});
  auto* values = static_cast<float*>(bias.getData());
  std::fill(values, values + vocabulary, 0.0F);
  for (size_t i = 0; i < request.bias_count; i++) {
    if (request.bias_tokens[i] < vocabulary) values[request.bias_tokens[i]] = request.bias_values[i];
  }
  return bias;
}

tle::Request request_of(const graft_request& from, int32_t vocabulary) {
  tle::Request request(tle::VecTokens(from.prompt, from.prompt + from.prompt_length), from.max_tokens);
  request.setStreaming(true);
  request.setSamplingConfig(sampling_of(from));
  tle::OutputConfig output;
  output.excludeInputFromOutput = true;
  output.returnGenerationLogits = from.top_logprobs >= 0;
  output.returnPerfMetrics = true;
  request.setOutputConfig(output);
  request.setPriority(from.priority);
  if (from.stop_token_count > 0) {
    request.setEndId(from.stop_tokens[0]);
    std::list<tle::VecTokens> others;
    for (size_t i = 1; i < from.stop_token_count; i++) others.push_back({from.stop_tokens[i]});
    if (!others.empty()) request.setStopWords(others);
  }
  if (from.bias_count > 0) request.setEmbeddingBias(bias_of(from, vocabulary));
  if (from.salt != 0) request.setCacheSaltID(from.salt);
  if (from.allotted_ms > 0) request.setAllottedTimeMs(std::chrono::milliseconds(from.allotted_ms));
  using Guide = tle::GuidedDecodingParams::GuideType;
  switch (from.guide) {
    case GRAFT_JSON: request.setGuidedDecodingParams(tle::GuidedDecodingParams(Guide::kJSON)); break;
    case GRAFT_JSON_SCHEMA:
      request.setGuidedDecodingParams(tle::GuidedDecodingParams(Guide::kJSON_SCHEMA, from.guide_text));
      break;
    case GRAFT_REGEX:
      request.setGuidedDecodingParams(tle::GuidedDecodingParams(Guide::kREGEX, from.guide_text));
      break;
    case GRAFT_EBNF:
      request.setGuidedDecodingParams(tle::GuidedDecodingParams(Guide::kEBNF_GRAMMAR, from.guide_text));
      break;
    default: break;
  }
  return request;
}

int32_t vocabulary_of(const graft_options& options) {
  // "vocabulary=N", as the engine's config.json says it; logits are padded beyond it.
  const char* found = std::strstr(options.extra, "vocabulary=");
  return found == nullptr ? 0 : static_cast<int32_t>(std::strtol(found + 11, nullptr, 10));
}

}  // namespace

void graft_executor::take_in(const tle::Response& response) {
  News one;
  one.id = response.getRequestId();
  std::lock_guard<std::mutex> lock(mutex);
  const auto how = asked.find(one.id);
  if (how == asked.end()) return;
  if (response.hasError()) {
    one.reason = GRAFT_ERROR;
    one.error = response.getErrorMsg();
    asked.erase(how);
    news.push_back(std::move(one));
    return;
  }
  const tle::Result& result = response.getResult();
  if (!result.outputTokenIds.empty()) one.tokens = result.outputTokenIds.front();
  if (how->second.top_logprobs >= 0 && result.generationLogits.has_value() && !one.tokens.empty()) {
    take_logits(*result.generationLogits, how->second, one);
  }
  if (result.isFinal) {
    one.reason = reason_of(result);
    if (result.requestPerfMetrics.has_value()) {
      const auto& metrics = *result.requestPerfMetrics;
      one.cached = metrics.kvCacheMetrics.numReusedBlocks * stats.tokens_per_block;
      one.queue_us = std::chrono::duration_cast<std::chrono::microseconds>(
          metrics.timingMetrics.firstScheduledTime - metrics.timingMetrics.arrivalTime).count();
    }
    asked.erase(how);
  }
  news.push_back(std::move(one));
}

/** [1, beams, vocabulary] while streaming: one row a token, the beam is ours alone. */
void graft_executor::take_logits(const tle::Tensor& logits, const Asked& how, News& into) {
  const tle::Tensor here = logits.getMemoryType() == tle::MemoryType::kGPU ? logits.copyToCpu() : logits;
  const auto shape = here.getShape();
  const auto width = static_cast<size_t>(*(shape.begin() + (shape.size() - 1)));
  const size_t vocabulary = vocabulary_size > 0 ? std::min(width, static_cast<size_t>(vocabulary_size)) : width;
  const size_t rows = width == 0 ? 0 : here.getSize() / width;
  if (rows < into.tokens.size()) return;
  into.top_count = std::min(static_cast<size_t>(how.top_logprobs), vocabulary);
  std::vector<float> row(vocabulary);
  for (size_t i = 0; i < into.tokens.size(); i++) {
    for (size_t j = 0; j < vocabulary; j++) row[j] = graft::float_of(here.getData(), here.getDataType(), i * width + j);
    graft::probabilities(row.data(), vocabulary, into.tokens[i], into.top_count, into);
  }
}

void graft_executor::refresh_stats() {
  for (const tle::IterationStats& iteration : executor->getLatestIterationStats()) {
    std::lock_guard<std::mutex> lock(mutex);
    stats.running = iteration.numActiveRequests;
    stats.waiting = iteration.numQueuedRequests;
    stats.steps++;
    if (iteration.kvCacheStats.has_value()) {
      stats.kv_blocks = iteration.kvCacheStats->maxNumBlocks;
      stats.kv_free_blocks = iteration.kvCacheStats->freeNumBlocks;
      stats.tokens_per_block = iteration.kvCacheStats->tokensPerBlock;
    }
    if (iteration.inflightBatchingStats.has_value()) stats.paused += iteration.inflightBatchingStats->numPausedRequests;
  }
}

extern "C" {

const char* graft_executor_kind(void) { return "tensorrt"; }

int32_t graft_executor_open(const graft_options* options, graft_executor** executor, graft_message* message) {
  return guarded(message, [&] {
    static const bool plugins = initTrtLlmPlugins(nullptr, "tensorrt_llm");
    if (!plugins) {
      say(message, "TensorRT-LLM's plugins can't be registered");
      return static_cast<int32_t>(GRAFT_FAILED);
    }
    auto opened = std::make_unique<graft_executor>();
    opened->vocabulary_size = vocabulary_of(*options);
    opened->executor = std::make_unique<tle::Executor>(std::filesystem::path(options->engine_folder),
                                                       tle::ModelType::kDECODER_ONLY, config_of(*options));
    if (!opened->executor->canEnqueueRequests()) {
      say(message, "this process may not enqueue requests: it is not the leader");
      return static_cast<int32_t>(GRAFT_FAILED);
    }
    *executor = opened.release();
    return static_cast<int32_t>(GRAFT_OK);
  });
}

int32_t graft_executor_submit(graft_executor* executor, const graft_request* from, uint64_t* id,
                              graft_message* message) {
  return guarded(message, [&] {
    tle::Request request = request_of(*from, executor->vocabulary_size);
    std::lock_guard<std::mutex> lock(executor->mutex);
    if (from->adapter != 0 && from->send_adapter != 0) {
      const auto adapter = executor->adapters.find(from->adapter);
      if (adapter == executor->adapters.end()) {
        say(message, "the adapter was not put");
        return static_cast<int32_t>(GRAFT_INVALID);
      }
      request.setLoraConfig(tle::LoraConfig(from->adapter, adapter->second.weights, adapter->second.config));
    } else if (from->adapter != 0) {
      request.setLoraConfig(tle::LoraConfig(from->adapter));
    }
    try {
      // Under the lock, so that a response finds how it was asked for.
      *id = executor->executor->enqueueRequest(request);
    } catch (const std::exception& e) {
      say(message, e.what());
      const bool full = std::strstr(e.what(), "queue") != nullptr;
      return static_cast<int32_t>(full ? GRAFT_BUSY : GRAFT_INVALID);
    }
    executor->asked[*id] = Asked{from->top_logprobs};
    return static_cast<int32_t>(GRAFT_OK);
  });
}

int32_t graft_executor_poll(graft_executor* executor, int32_t timeout_ms, const graft_response** responses,
                            size_t* count, graft_message* message) {
  return guarded(message, [&] {
    executor->news.clear();
    executor->responses.clear();
    for (const tle::Response& response : executor->executor->awaitResponses(std::chrono::milliseconds(timeout_ms))) {
      executor->take_in(response);
    }
    executor->refresh_stats();
    for (const News& one : executor->news) {
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
      response.cached_prompt_tokens = one.cached;
      response.queue_us = one.queue_us;
      response.error = one.reason == GRAFT_ERROR ? one.error.c_str() : nullptr;
      executor->responses.push_back(response);
    }
    *responses = executor->responses.data();
    *count = executor->responses.size();
    return static_cast<int32_t>(GRAFT_OK);
  });
}

void graft_executor_cancel(graft_executor* executor, uint64_t id) {
  graft_message ignored{};  // a request that has ended needs no cancelling
  guarded(&ignored, [&] {
    executor->executor->cancelRequest(id);
    return static_cast<int32_t>(GRAFT_OK);
  });
}

int32_t graft_executor_put_adapter(graft_executor* executor, uint64_t task, int32_t dtype, const void* weights,
                                   size_t rows, size_t width, const int32_t* config, graft_message* message) {
  return guarded(message, [&] {
    const auto height = static_cast<int64_t>(rows);
    // Tensor::of would borrow Java's memory: these own theirs.
    Adapter adapter{tle::Tensor::cpu(type_of(dtype), {1, height, static_cast<int64_t>(width)}),
                    tle::Tensor::cpu(tle::DataType::kINT32, {1, height, 4})};
    std::memcpy(adapter.weights.getData(), weights, adapter.weights.getSizeInBytes());
    std::memcpy(adapter.config.getData(), config, adapter.config.getSizeInBytes());
    std::lock_guard<std::mutex> lock(executor->mutex);
    executor->adapters.insert_or_assign(task, std::move(adapter));
    return static_cast<int32_t>(GRAFT_OK);
  });
}

void graft_executor_drop_adapter(graft_executor* executor, uint64_t task) {
  std::lock_guard<std::mutex> lock(executor->mutex);
  executor->adapters.erase(task);
}

void graft_executor_stats(graft_executor* executor, graft_stats* stats) {
  std::lock_guard<std::mutex> lock(executor->mutex);
  *stats = executor->stats;
}

void graft_executor_close(graft_executor* executor) {
  graft_message ignored{};  // whatever it says, the memory goes
  guarded(&ignored, [&] {
    executor->executor->shutdown();
    return static_cast<int32_t>(GRAFT_OK);
  });
  delete executor;
}

}  // extern "C"
