// What the bridge is told: requests and settings out of Java's bytes, and error texts of TensorRT-LLM as kinds.
#include "bridge.h"
#include "wire.h"

namespace graft {

Request Request::read(const uint8_t* bytes, size_t size) {
  Reader in(bytes, size);
  Request request;
  graft_request& fields = request.fields;
  fields.max_tokens = in.number<int32_t>();
  fields.temperature = in.number<float>();
  fields.top_p = in.number<float>();
  fields.top_k = in.number<int32_t>();
  fields.min_p = in.number<float>();
  fields.frequency_penalty = in.number<float>();
  fields.presence_penalty = in.number<float>();
  fields.repetition_penalty = in.number<float>();
  fields.seeded = in.number<int32_t>();
  fields.seed = in.number<uint64_t>();
  fields.top_logprobs = in.number<int32_t>();
  fields.adapter = in.number<uint64_t>();
  fields.priority = in.number<float>();
  fields.salt = in.number<uint64_t>();
  fields.allotted_ms = in.number<int64_t>();
  fields.guide = in.number<int32_t>();
  request.prompt = in.numbers<int32_t>();
  request.stop_tokens = in.numbers<int32_t>();
  request.bias_tokens = in.numbers<int32_t>();
  request.bias_values = in.numbers<float>();
  request.guide_text = in.text();
  in.end();
  if (request.prompt.empty()) throw MalformedBytes("the prompt is empty");
  if (fields.max_tokens < 1) throw MalformedBytes("max_tokens is below 1");
  if (request.bias_tokens.size() != request.bias_values.size()) throw MalformedBytes("biases without tokens");
  return request;
}

Settings Settings::read(const uint8_t* bytes, size_t size) {
  Reader in(bytes, size);
  Settings settings;
  graft_options& fields = settings.fields;
  settings.engine_folder = in.text();
  fields.device = in.number<int32_t>();
  fields.max_waiting = in.number<int32_t>();
  fields.max_running = in.number<int32_t>();
  fields.kv_free_fraction = in.number<float>();
  fields.kv_host_bytes = in.number<int64_t>();
  fields.adapter_host_bytes = in.number<int64_t>();
  fields.adapter_device_fraction = in.number<float>();
  fields.max_adapter_rank = in.number<int32_t>();
  settings.adapter_bytes = in.number<int64_t>();
  settings.vocabulary = in.text();
  settings.tokenizer = in.text();
  settings.stop_tokens = in.numbers<int32_t>();
  settings.extra = in.text();
  in.end();
  return settings;
}

Failure classify(const std::string& text) {
  const auto has = [&text](const char* part) { return text.find(part) != std::string::npos; };
  if (has("not found in cache")) return Failure::kAdapterMissing;
  if (has("Cache is full. There are no done tasks to evict")) return Failure::kAdaptersFull;
  if (has("out of memory") || has("bad_alloc") || has("OutOfMemory")) return Failure::kMemory;
  if (has("exceeds") || has("must be") || has("invalid") || has("Invalid") || has("not supported")) {
    return Failure::kInvalid;
  }
  return Failure::kOther;
}

}  // namespace graft
