// The bridge's logic on the echo executor. Under a sanitizer: cmake -DSANITIZE=address (or thread).
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "bridge.h"
#include "wire.h"

namespace graft {
namespace {

/** What the Java side reads from the bytes of a poll. */
struct News {
  int64_t id = 0;
  int32_t reason = 0;
  Failure failure = Failure::kNone;
  std::vector<int32_t> tokens;
  std::vector<std::vector<int32_t>> tops;
  std::string error;
};

std::vector<News> decode(const std::vector<uint8_t>& bytes, int64_t size) {
  std::vector<News> all;
  Reader in(bytes.data(), static_cast<size_t>(size));
  for (int64_t left = size; left > 0;) {
    News one;
    one.id = in.number<int64_t>();
    one.reason = in.number<int32_t>();
    one.failure = static_cast<Failure>(in.number<int32_t>());
    in.number<int32_t>();
    in.number<int64_t>();
    const auto top = in.number<int32_t>();
    const auto count = in.number<int32_t>();
    for (int32_t i = 0; i < count; i++) {
      one.tokens.push_back(in.number<int32_t>());
      in.number<float>();
      in.number<float>();
      one.tops.emplace_back();
      for (int32_t j = 0; j < top; j++) {
        one.tops.back().push_back(in.number<int32_t>());
        in.number<float>();
      }
    }
    one.error = in.text();
    left -= 36 + count * (12 + 8 * static_cast<int64_t>(top)) + 4 + static_cast<int64_t>(one.error.size());
    all.push_back(std::move(one));
  }
  in.end();
  return all;
}

std::unique_ptr<Bridge> opened(const std::string& extra, int32_t max_waiting = 10000) {
  Settings settings;
  settings.extra = extra;
  settings.fields.max_waiting = max_waiting;
  settings.adapter_bytes = 1 << 20;
  std::string message;
  std::unique_ptr<Bridge> bridge = Bridge::open(std::move(settings), message);
  EXPECT_NE(bridge, nullptr) << message;
  return bridge;
}

Request request(std::vector<int32_t> prompt, int32_t max_tokens, uint64_t adapter = 0) {
  Request request;
  request.prompt = std::move(prompt);
  request.fields.max_tokens = max_tokens;
  request.fields.top_logprobs = -1;
  request.fields.adapter = adapter;
  return request;
}

int32_t put(Bridge& bridge, uint64_t task, float value) {
  const std::vector<float> weights(16, value);
  const std::vector<int32_t> config = {1, 0, 2, 0, 3, 0, 2, 0};
  std::string message;
  return bridge.put_adapter(task, GRAFT_FLOAT32, weights.data(), 64, 2, 8, config.data(), message);
}

/** Reads until every one of these has ended. */
std::map<int64_t, News> answers(Bridge& bridge, std::set<int64_t> open, size_t capacity = Bridge::kSmallestBuffer) {
  std::map<int64_t, News> answers;
  std::vector<uint8_t> bytes(capacity);
  while (!open.empty()) {
    const int64_t size = bridge.poll(1000, bytes.data(), bytes.size());
    if (size < 0) {
      ADD_FAILURE() << "poll says " << size << " with " << open.size() << " open";
      return answers;
    }
    for (News& one : decode(bytes, size)) {
      News& answer = answers[one.id];
      EXPECT_EQ(answer.reason, GRAFT_RUNNING) << "news after the end of " << one.id;
      answer.tokens.insert(answer.tokens.end(), one.tokens.begin(), one.tokens.end());
      answer.tops.insert(answer.tops.end(), one.tops.begin(), one.tops.end());
      answer.reason = one.reason;
      answer.failure = one.failure;
      answer.error = one.error;
      if (one.reason != GRAFT_RUNNING) open.erase(one.id);
    }
  }
  return answers;
}

News answer(Bridge& bridge, Request request) {
  std::string message;
  const int64_t id = bridge.submit(std::move(request), message);
  EXPECT_GT(id, 0) << message;
  return answers(bridge, {id})[id];
}

TEST(Bridge, AnswersStreamWholeAndInOrder) {
  const auto bridge = opened("vocabulary=100");
  const News one = answer(*bridge, request({5, 6, 7}, 7));
  EXPECT_EQ(one.tokens, (std::vector<int32_t>{5, 6, 7, 6, 7, 8, 7}));
  EXPECT_EQ(one.reason, GRAFT_LENGTH);
}

TEST(Bridge, AStopTokenEndsTheAnswerAndIsDelivered) {
  const auto bridge = opened("vocabulary=100");
  Request stopping = request({5, 6, 7}, 7);
  stopping.stop_tokens = {7};
  const News one = answer(*bridge, std::move(stopping));
  EXPECT_EQ(one.tokens, (std::vector<int32_t>{5, 6, 7}));
  EXPECT_EQ(one.reason, GRAFT_STOP_TOKEN);
}

TEST(Bridge, ASlowConsumerGetsEverythingThroughASmallBuffer) {
  const auto bridge = opened("vocabulary=30000");
  Request wide = request({1, 2, 3}, 400);
  wide.fields.top_logprobs = 64;  // 524 bytes a token: far more than one buffer holds
  const News one = answer(*bridge, std::move(wide));
  ASSERT_EQ(one.tokens.size(), 400U);
  for (size_t i = 0; i < one.tokens.size(); i++) {
    ASSERT_EQ(one.tokens[i], static_cast<int32_t>(1 + i % 3 + i / 3));
    ASSERT_EQ(one.tops[i].front(), one.tokens[i]);
  }
}

TEST(Bridge, AnAdapterChangesTheAnswerAndIsSentOnce) {
  const auto bridge = opened("vocabulary=1000");
  ASSERT_EQ(put(*bridge, 11, 1.0F), GRAFT_OK);
  ASSERT_EQ(put(*bridge, 12, 2.0F), GRAFT_OK);
  const auto base = answer(*bridge, request({5}, 1)).tokens;
  const auto first = answer(*bridge, request({5}, 1, 11)).tokens;
  EXPECT_NE(base, first);
  EXPECT_EQ(first, answer(*bridge, request({5}, 1, 11)).tokens);
  EXPECT_NE(first, answer(*bridge, request({5}, 1, 12)).tokens);
}

TEST(Bridge, AnEvictedAdapterIsSentAgainOnce) {
  const auto bridge = opened("vocabulary=1000 adapters=1");
  put(*bridge, 11, 1.0F);
  put(*bridge, 12, 2.0F);
  const auto first = answer(*bridge, request({5}, 3, 11)).tokens;
  const auto second = answer(*bridge, request({5}, 3, 12)).tokens;  // evicts the first
  EXPECT_EQ(first, answer(*bridge, request({5}, 3, 11)).tokens);
  EXPECT_EQ(second, answer(*bridge, request({5}, 3, 12)).tokens);
}

TEST(Bridge, AFullAdapterCacheHoldsRequestsBackUntilOneEnds) {
  const auto bridge = opened("vocabulary=1000 adapters=2 step-us=200");
  std::set<int64_t> open;
  std::map<int64_t, uint64_t> task_of;
  for (uint64_t task = 1; task <= 8; task++) {
    ASSERT_EQ(put(*bridge, task, static_cast<float>(task)), GRAFT_OK);
    std::string message;
    const int64_t id = bridge->submit(request({5, 6}, 20, task), message);
    ASSERT_GT(id, 0) << message;
    open.insert(id);
    task_of[id] = task;
  }
  std::map<uint64_t, std::vector<int32_t>> tokens;
  for (auto& [id, one] : answers(*bridge, open)) {
    EXPECT_EQ(one.reason, GRAFT_LENGTH) << one.error;
    tokens[task_of[id]] = one.tokens;
  }
  for (auto& [task, expected] : tokens) EXPECT_EQ(answer(*bridge, request({5, 6}, 20, task)).tokens, expected);
}

TEST(Bridge, CancelsWhileWaitingWhileRunningWhileStalledAndWhileHeldBack) {
  const auto bridge = opened("vocabulary=1000 running=1 adapters=1 stall=9");
  put(*bridge, 11, 1.0F);
  std::string message;
  const int64_t stalled = bridge->submit(request({9}, 100, 11), message);
  const int64_t waiting = bridge->submit(request({5}, 100), message);
  bridge->cancel(waiting);
  bridge->cancel(stalled);
  bridge->cancel(stalled);
  bridge->cancel(123456);
  auto ends = answers(*bridge, {stalled, waiting});
  EXPECT_EQ(ends[stalled].reason, GRAFT_CANCELLED);
  EXPECT_EQ(ends[waiting].reason, GRAFT_CANCELLED);

  const auto narrow = opened("vocabulary=1000 running=4 adapters=1 stall=9");
  put(*narrow, 11, 1.0F);
  put(*narrow, 12, 2.0F);
  const int64_t pins = narrow->submit(request({9}, 100, 11), message);
  const int64_t parked = narrow->submit(request({5}, 100, 12), message);
  const int64_t other = narrow->submit(request({5}, 3), message);
  auto first = answers(*narrow, {other});  // by now the one before it was refused and is held back
  narrow->cancel(parked);
  narrow->cancel(pins);
  ends = answers(*narrow, {pins, parked});
  EXPECT_EQ(ends[pins].reason, GRAFT_CANCELLED);
  EXPECT_EQ(ends[parked].reason, GRAFT_CANCELLED);
}

TEST(Bridge, AFullQueueIsBusyAndKeepsNothing) {
  const auto bridge = opened("vocabulary=1000 running=1 stall=9", 1);
  std::string message;
  std::set<int64_t> open;
  int64_t refused = 0;
  for (int i = 0; i < 50; i++) {
    const int64_t id = bridge->submit(request({9}, 1), message);
    if (id > 0) open.insert(id);
    else refused = id;
  }
  EXPECT_EQ(refused, -GRAFT_BUSY);
  EXPECT_LE(open.size(), 2U);
  for (const int64_t id : open) bridge->cancel(id);
  EXPECT_EQ(answers(*bridge, open).size(), open.size());
}

TEST(Bridge, AFailureEndsItsOwnRequestOnly) {
  const auto bridge = opened("vocabulary=1000 fail=9");
  std::string message;
  const int64_t fails = bridge->submit(request({9}, 10), message);
  const int64_t goes_on = bridge->submit(request({5}, 10), message);
  auto ends = answers(*bridge, {fails, goes_on});
  EXPECT_EQ(ends[fails].reason, GRAFT_ERROR);
  EXPECT_NE(ends[fails].error.find("forward function"), std::string::npos);
  EXPECT_EQ(ends[goes_on].reason, GRAFT_LENGTH);
}

TEST(Bridge, ABrokenExecutorEndsEverythingAndRefusesWhatFollows) {
  const auto bridge = opened("vocabulary=1000 stall=9 break-after=1");
  std::string message;
  const int64_t one = bridge->submit(request({9}, 10), message);
  const int64_t two = bridge->submit(request({9}, 10), message);
  auto ends = answers(*bridge, {one, two});
  EXPECT_EQ(ends[one].reason, GRAFT_ERROR);
  EXPECT_EQ(ends[two].reason, GRAFT_ERROR);
  EXPECT_EQ(bridge->submit(request({5}, 1), message), -GRAFT_CLOSED);
}

TEST(Bridge, ShuttingDownWhileStreamingEndsEachRequestOnce) {
  const auto bridge = opened("vocabulary=1000 running=4 stall=9 step-us=100");
  std::set<int64_t> open;
  std::string message;
  for (int i = 0; i < 20; i++) open.insert(bridge->submit(request({i % 2 == 0 ? 9 : 5}, 100000), message));
  bridge->shutdown();
  EXPECT_EQ(bridge->submit(request({5}, 1), message), -GRAFT_CLOSED);
  for (auto& [id, one] : answers(*bridge, open)) EXPECT_EQ(one.reason, GRAFT_CANCELLED);
  std::vector<uint8_t> bytes(Bridge::kSmallestBuffer);
  EXPECT_EQ(bridge->poll(10, bytes.data(), bytes.size()), -GRAFT_CLOSED);
}

TEST(Bridge, AdaptersAreBoundedInBytesAndStayWhileInUse) {
  const auto bridge = opened("vocabulary=1000 stall=9");
  std::string message;
  const std::vector<float> half(1 << 17);
  const std::vector<int32_t> config = {1, 0, 2, 0};
  const auto put_half = [&](uint64_t task) {
    return bridge->put_adapter(task, GRAFT_FLOAT32, half.data(), half.size() * 4, 1, half.size(), config.data(), message);
  };
  ASSERT_EQ(put_half(1), GRAFT_OK);
  ASSERT_EQ(put_half(2), GRAFT_OK);
  EXPECT_EQ(put_half(3), GRAFT_BUSY);
  const int64_t uses = bridge->submit(request({9}, 10, 1), message);
  EXPECT_FALSE(bridge->drop_adapter(1));
  EXPECT_TRUE(bridge->drop_adapter(2));
  EXPECT_EQ(put_half(3), GRAFT_OK);
  bridge->cancel(uses);
  answers(*bridge, {uses});
  EXPECT_TRUE(bridge->drop_adapter(1));
  EXPECT_EQ(bridge->submit(request({5}, 1, 1), message), -GRAFT_INVALID);
}

TEST(Bridge, ErrorTextsBecomeKinds) {
  EXPECT_EQ(classify("LoRA task 7 not found in cache. Please send LoRA weights with request"), Failure::kAdapterMissing);
  EXPECT_EQ(classify("Cache is full. There are no done tasks to evict"), Failure::kAdaptersFull);
  EXPECT_EQ(classify("[TensorRT-LLM][ERROR] CUDA runtime error: out of memory"), Failure::kMemory);
  EXPECT_EQ(classify("Prompt length (9) exceeds maximum input length (8)"), Failure::kInvalid);
  EXPECT_EQ(classify("something new"), Failure::kOther);
}

TEST(Bridge, MalformedBytesAreRefusedWithoutReadingBeyondThem) {
  std::mt19937 random(7);
  for (int i = 0; i < 20000; i++) {
    std::vector<uint8_t> bytes(random() % 160);
    for (uint8_t& one : bytes) one = static_cast<uint8_t>(random() % 4 == 0 ? random() : 0);
    try {
      const Request read = Request::read(bytes.data(), bytes.size());
      EXPECT_FALSE(read.prompt.empty());
    } catch (const MalformedBytes&) {
    }
  }
}

/** Four threads submit and cancel, put and drop; one reads. Every accepted request ends once, whole or cancelled. */
TEST(Bridge, TenThousandConcurrentOperationsLoseNothing) {
  const char* given = std::getenv("SEED");
  const unsigned seed = given == nullptr ? std::random_device{}() : static_cast<unsigned>(std::atoi(given));
  std::printf("seed %u\n", seed);
  const auto bridge = opened("vocabulary=1000 running=6 adapters=3 evict-every=5 fail=9", 64);
  for (uint64_t task = 1; task <= 10; task++) ASSERT_EQ(put(*bridge, task, static_cast<float>(task)), GRAFT_OK);
  std::map<uint64_t, int32_t> shift;
  for (uint64_t task = 1; task <= 10; task++) shift[task] = answer(*bridge, request({0}, 1, task)).tokens.at(0);
  shift[0] = 0;

  struct Asked {
    uint64_t task;
    int32_t first;
    int32_t length;
  };
  std::mutex mutex;
  std::map<int64_t, Asked> asked;
  std::atomic<int> operations{0};
  std::atomic<int> writing{4};
  const auto work = [&](unsigned own_seed) {
    std::mt19937 random(own_seed);
    std::vector<int64_t> mine;
    while (operations++ < 10000) {
      const auto kind = random() % 10;
      std::string message;
      if (kind < 7) {
        const Asked ask{random() % 11, static_cast<int32_t>(10 + random() % 500), static_cast<int32_t>(1 + random() % 30)};
        std::lock_guard<std::mutex> lock(mutex);  // so that the reader finds it
        const int64_t id = bridge->submit(request({ask.first}, ask.length, ask.task), message);
        if (id > 0) {
          asked[id] = ask;
          mine.push_back(id);
        }
      } else if (kind < 9 && !mine.empty()) {
        bridge->cancel(mine[random() % mine.size()]);
      } else {
        const uint64_t task = 1 + random() % 10;
        if (bridge->drop_adapter(task)) put(*bridge, task, static_cast<float>(task));
        bridge->stats();
      }
      if (random() % 16 == 0) std::this_thread::yield();
    }
    writing--;
  };
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 4; i++) threads.emplace_back(work, seed + i);

  std::map<int64_t, News> ended;
  std::vector<uint8_t> bytes(Bridge::kSmallestBuffer);
  size_t open = 1;
  while (writing > 0 || open > 0) {
    const int64_t size = bridge->poll(5, bytes.data(), bytes.size());
    ASSERT_GE(size, 0);
    for (News& one : decode(bytes, size)) {
      News& all = ended[one.id];
      ASSERT_EQ(all.reason, GRAFT_RUNNING);
      all.tokens.insert(all.tokens.end(), one.tokens.begin(), one.tokens.end());
      all.reason = one.reason;
      all.error = one.error;
    }
    std::lock_guard<std::mutex> lock(mutex);
    size_t done = 0;
    for (const auto& [id, one] : ended) done += one.reason != GRAFT_RUNNING ? 1 : 0;
    open = asked.size() - done;
  }
  for (std::thread& thread : threads) thread.join();

  size_t whole = 0;
  size_t cancelled = 0;
  for (const auto& [id, ask] : asked) {
    const News& one = ended.at(id);
    for (size_t i = 0; i < one.tokens.size(); i++) {
      ASSERT_EQ(one.tokens[i], (ask.first + shift.at(ask.task) + static_cast<int32_t>(i)) % 1000) << "seed " << seed;
    }
    if (one.reason == GRAFT_LENGTH) {
      whole++;
      ASSERT_EQ(one.tokens.size(), static_cast<size_t>(ask.length));
    } else {
      cancelled++;
      ASSERT_EQ(one.reason, GRAFT_CANCELLED) << one.error << " seed " << seed;
    }
  }
  std::printf("%zu requests: %zu whole, %zu cancelled\n", asked.size(), whole, cancelled);
  EXPECT_GT(whole, 100U);
}

}  // namespace
}  // namespace graft
