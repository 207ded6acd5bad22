// One response of TensorRT-LLM's executor in our own memory, with the probabilities that are read out of its logits.
#pragma once

#include <tensorrt_llm/executor/executor.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <string>
#include <vector>

#include "executor.h"

namespace graft {

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
  int32_t cached = -1;
  int64_t queue_us = -1;
  std::string error;
};

/** One row of logits: what was chosen, the whole's logarithm, and the likeliest. */
inline void probabilities(const float* logits, size_t vocabulary, int32_t token, size_t top_count, News& into) {
  const float most = *std::max_element(logits, logits + vocabulary);
  double sum = 0;
  for (size_t i = 0; i < vocabulary; i++) sum += std::exp(static_cast<double>(logits[i]) - most);
  const auto logsumexp = static_cast<float>(most + std::log(sum));
  into.logsumexps.push_back(logsumexp);
  into.logprobs.push_back(logits[token] - logsumexp);
  std::vector<int32_t> ids(vocabulary);
  for (size_t i = 0; i < vocabulary; i++) ids[i] = static_cast<int32_t>(i);
  const auto likelier = [logits](int32_t a, int32_t b) {
    return logits[a] != logits[b] ? logits[a] > logits[b] : a < b;
  };
  std::partial_sort(ids.begin(), ids.begin() + static_cast<std::ptrdiff_t>(top_count), ids.end(), likelier);
  for (size_t i = 0; i < top_count; i++) {
    into.top_tokens.push_back(ids[i]);
    into.top_logprobs.push_back(logits[ids[i]] - logsumexp);
  }
}

inline float float_of(const void* data, tensorrt_llm::executor::DataType type, size_t index) {
  if (type == tensorrt_llm::executor::DataType::kFP32) return static_cast<const float*>(data)[index];
  const uint16_t half = static_cast<const uint16_t*>(data)[index];
  uint32_t bits = static_cast<uint32_t>(half) << 16;  // bfloat16 is the upper half of a float
  if (type == tensorrt_llm::executor::DataType::kFP16) {
    const uint32_t sign = (half & 0x8000U) << 16;
    const uint32_t exponent = (half >> 10) & 0x1FU;
    const uint32_t fraction = half & 0x3FFU;
    if (exponent == 0) {
      const float value = std::ldexp(static_cast<float>(fraction), -24);
      return sign != 0 ? -value : value;
    }
    bits = sign | (exponent == 31 ? 0x7F800000U : (exponent + 112) << 23) | fraction << 13;
  }
  float value;
  std::memcpy(&value, &bits, sizeof(value));
  return value;
}

}  // namespace graft
