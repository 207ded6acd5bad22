// The threads that the operators compute on: few, asleep between steps, never a barrier.
//
// A run hands out numbered units. The caller takes units too and waits only for units that somebody has begun, so a
// worker whose core a neighbour took delays a run by at most the one unit it holds, and one that has not woken delays
// nothing. Workers look for the next run for a bounded time (kSpin), then sleep on a futex.
#pragma once
#include <atomic>
#include <cstdint>
#include <mutex>

namespace graft {

class Pool {
 public:
  using Body = void (*)(void* context, int64_t unit);

  // One a process; never destroyed, because its threads outlive static objects.
  static Pool& shared();

  // Runs body for every unit in [0, units) on at most so many threads, the caller's among them; returns when all are
  // done. A second caller meanwhile computes alone. Bodies throw nothing.
  void run(int64_t units, int threads, Body body, void* context);

  template <class F>
  void each(int64_t units, int threads, F&& f) {
    run(units, threads, [](void* context, int64_t unit) { (*static_cast<F*>(context))(unit); }, &f);
  }

 private:
  bool take_one();
  void work(int index);
  void start(int workers);

  std::mutex turn_;
  std::atomic<uint64_t> ticket_{0};  // run number << 32 | units nobody has taken yet
  std::atomic<int64_t> done_{0};
  std::atomic<uint32_t> epoch_{0};  // what sleeping workers wait on
  std::atomic<int> sleeping_{0};
  std::atomic<int> allowed_{0};  // workers that may take part
  int64_t units_ = 0;
  Body body_ = nullptr;
  void* context_ = nullptr;
  int workers_ = 0;
};

}  // namespace graft
