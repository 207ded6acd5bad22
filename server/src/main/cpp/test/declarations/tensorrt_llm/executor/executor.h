// What trtllm_executor.cc calls of TensorRT-LLM 1.2.1, restated from its documentation, so that every build on a
// machine without its headers still type-checks that file. Names, signatures and defaults are the documented ones;
// nothing here is ever linked.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <filesystem>
#include <initializer_list>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace tensorrt_llm::executor {

using SizeType32 = std::int32_t;
using FloatType = float;
using TokenIdType = std::int32_t;
using VecTokens = std::vector<TokenIdType>;
using BeamTokens = std::vector<VecTokens>;
using IdType = std::uint64_t;
using RandomSeedType = std::uint64_t;
using PriorityType = float;
using MillisecondsType = std::chrono::milliseconds;
using CacheSaltIDType = std::uint64_t;

enum class DataType { kBOOL, kUINT8, kINT8, kINT32, kINT64, kBF16, kFP8, kFP16, kFP32, kUNKNOWN };
enum class MemoryType { kCPU, kCPU_PINNED, kCPU_PINNEDPOOL, kGPU, kUVM, kUNKNOWN };
enum class ModelType { kDECODER_ONLY = 0, kENCODER_ONLY = 1, kENCODER_DECODER = 2 };
enum class FinishReason {
  kNOT_FINISHED = 0, kEND_ID = 1, kSTOP_WORDS = 2, kLENGTH = 3, kTIMED_OUT = 4, kCANCELLED = 5
};

class Shape {
 public:
  using DimType64 = std::int64_t;
  Shape(std::initializer_list<DimType64> dims);
  DimType64 const* begin() const;
  std::size_t size() const;
};

class Tensor {
 public:
  using CudaStreamPtr = std::shared_ptr<void>;
  static Tensor cpu(DataType dataType, Shape shape = {});
  [[nodiscard]] Tensor copyToCpu(CudaStreamPtr stream = nullptr) const;
  [[nodiscard]] void* getData();
  [[nodiscard]] void const* getData() const;
  [[nodiscard]] DataType getDataType() const;
  [[nodiscard]] MemoryType getMemoryType() const;
  [[nodiscard]] Shape getShape() const;
  [[nodiscard]] std::size_t getSize() const;
  [[nodiscard]] std::size_t getSizeInBytes() const;
};

class SamplingConfig {
 public:
  explicit SamplingConfig(SizeType32 beamWidth = 1);
  void setTopK(std::optional<SizeType32> const& topK);
  void setTopP(std::optional<FloatType> const& topP);
  void setSeed(std::optional<RandomSeedType> const& seed);
  void setTemperature(std::optional<FloatType> const& temperature);
  void setRepetitionPenalty(std::optional<FloatType> const& repetitionPenalty);
  void setPresencePenalty(std::optional<FloatType> const& presencePenalty);
  void setFrequencyPenalty(std::optional<FloatType> const& frequencyPenalty);
  void setMinP(std::optional<FloatType> const& minP);
};

class OutputConfig {
 public:
  explicit OutputConfig(bool returnLogProbs = false);
  bool returnLogProbs;
  bool returnGenerationLogits;
  bool excludeInputFromOutput;
  bool returnPerfMetrics;
};

class LoraConfig {
 public:
  explicit LoraConfig(IdType taskId, std::optional<Tensor> weights = std::nullopt,
      std::optional<Tensor> config = std::nullopt);
};

class GuidedDecodingParams {
 public:
  enum class GuideType { kJSON = 0, kJSON_SCHEMA = 1, kREGEX = 2, kEBNF_GRAMMAR = 3, kSTRUCTURAL_TAG = 4 };
  explicit GuidedDecodingParams(GuideType guideType, std::optional<std::string> guide = std::nullopt);
};

class Request {
 public:
  Request(VecTokens inputTokenIds, SizeType32 maxTokens, bool streaming = false);
  void setStreaming(bool streaming);
  void setSamplingConfig(SamplingConfig const& config);
  void setOutputConfig(OutputConfig const& outputConfig);
  void setEndId(SizeType32 endId);
  void setStopWords(std::list<VecTokens> const& stopWords);
  void setEmbeddingBias(Tensor const& embeddingBias);
  void setLoraConfig(LoraConfig const& loraConfig);
  void setPriority(PriorityType priority);
  void setGuidedDecodingParams(GuidedDecodingParams const& guidedDecodingParams);
  void setAllottedTimeMs(MillisecondsType allottedTimeMs);
  void setCacheSaltID(CacheSaltIDType cacheSaltID);
};

struct RequestPerfMetrics {
  using TimePoint = std::chrono::time_point<std::chrono::steady_clock>;
  struct TimingMetrics {
    TimePoint arrivalTime;
    TimePoint firstScheduledTime;
  };
  struct KvCacheMetrics {
    SizeType32 numReusedBlocks{0};
  };
  TimingMetrics timingMetrics;
  KvCacheMetrics kvCacheMetrics;
};

struct Result {
  bool isFinal;
  BeamTokens outputTokenIds;
  std::optional<Tensor> generationLogits;
  std::vector<FinishReason> finishReasons;
  std::optional<RequestPerfMetrics> requestPerfMetrics;
};

class Response {
 public:
  [[nodiscard]] IdType getRequestId() const;
  [[nodiscard]] bool hasError() const;
  [[nodiscard]] std::string const& getErrorMsg() const;
  [[nodiscard]] Result const& getResult() const;
};

struct KvCacheStats {
  SizeType32 maxNumBlocks;
  SizeType32 freeNumBlocks;
  SizeType32 tokensPerBlock;
};

struct InflightBatchingStats {
  SizeType32 numPausedRequests;
};

struct IterationStats {
  SizeType32 numActiveRequests;
  SizeType32 numQueuedRequests;
  std::optional<KvCacheStats> kvCacheStats;
  std::optional<InflightBatchingStats> inflightBatchingStats;
};

class KvCacheConfig {
 public:
  explicit KvCacheConfig(bool enableBlockReuse = true);
  void setEnableBlockReuse(bool enableBlockReuse);
  void setFreeGpuMemoryFraction(FloatType freeGpuMemoryFraction);
  void setHostCacheSize(std::size_t hostCacheSize);
};

class ParallelConfig {
 public:
  explicit ParallelConfig(int commType = 0);
  void setDeviceIds(std::vector<SizeType32> const& deviceIds);
};

class PeftCacheConfig {
 public:
  static constexpr SizeType32 kDefaultOptimalAdapterSize = 8;
  static constexpr SizeType32 kDefaultMaxAdapterSize = 64;
  static constexpr SizeType32 kDefaultMaxPagesPerBlockHost = 24;
  static constexpr SizeType32 kDefaultMaxPagesPerBlockDevice = 8;
  explicit PeftCacheConfig(SizeType32 numHostModuleLayer = 0, SizeType32 numDeviceModuleLayer = 0,
      SizeType32 optimalAdapterSize = kDefaultOptimalAdapterSize, SizeType32 maxAdapterSize = kDefaultMaxAdapterSize,
      SizeType32 numPutWorkers = 1, SizeType32 numEnsureWorkers = 1, SizeType32 numCopyStreams = 1,
      SizeType32 maxPagesPerBlockHost = kDefaultMaxPagesPerBlockHost,
      SizeType32 maxPagesPerBlockDevice = kDefaultMaxPagesPerBlockDevice,
      std::optional<float> const& deviceCachePercent = std::nullopt,
      std::optional<std::size_t> const& hostCacheSize = std::nullopt,
      std::optional<std::string> const& loraPrefetchDir = std::nullopt);
};

class GuidedDecodingConfig {
 public:
  enum class GuidedDecodingBackend { kXGRAMMAR = 0, kLLGUIDANCE = 1 };
  explicit GuidedDecodingConfig(GuidedDecodingBackend backend,
      std::optional<std::vector<std::string>> encodedVocab = std::nullopt,
      std::optional<std::string> tokenizerStr = std::nullopt,
      std::optional<std::vector<TokenIdType>> stopTokenIds = std::nullopt);
  void setEncodedVocab(std::vector<std::string> const& encodedVocab);
  void setTokenizerStr(std::string const& tokenizerStr);
  void setStopTokenIds(std::vector<TokenIdType> const& stopTokenIds);
};

class ExecutorConfig {
 public:
  explicit ExecutorConfig(SizeType32 maxBeamWidth = 1);
  void setMaxBatchSize(SizeType32 maxBatchSize);
  void setKvCacheConfig(KvCacheConfig const& kvCacheConfig);
  void setEnableChunkedContext(bool enableChunkedContext);
  void setParallelConfig(ParallelConfig const& parallelConfig);
  void setPeftCacheConfig(PeftCacheConfig const& peftCacheConfig);
  void setMaxQueueSize(std::optional<SizeType32> const& maxQueueSize);
  void setGuidedDecodingConfig(GuidedDecodingConfig const& guidedDecodingConfig);
  void setGatherGenerationLogits(bool gatherGenerationLogits);
};

class Executor {
 public:
  Executor(std::filesystem::path const& modelPath, ModelType modelType, ExecutorConfig const& executorConfig);
  ~Executor();
  [[nodiscard]] IdType enqueueRequest(Request const& request);
  [[nodiscard]] std::vector<Response> awaitResponses(
      std::optional<std::chrono::milliseconds> const& timeout = std::nullopt);
  void cancelRequest(IdType requestId);
  void shutdown();
  std::deque<IterationStats> getLatestIterationStats();
  [[nodiscard]] bool canEnqueueRequests() const;
};

}  // namespace tensorrt_llm::executor
