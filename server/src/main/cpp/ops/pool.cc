#include "pool.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <chrono>
#include <climits>
#include <system_error>
#include <thread>

namespace graft {
namespace {

constexpr auto kSpin = std::chrono::microseconds(60);  // a worker's, between runs
constexpr int kPatience = 2000;                        // pauses of the caller before it yields its core

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

long futex(std::atomic<uint32_t>* word, int operation, uint32_t value) {
  return syscall(SYS_futex, reinterpret_cast<uint32_t*>(word), operation, value, nullptr, nullptr, 0);
}

}  // namespace

Pool& Pool::shared() {
  static Pool* pool = new Pool();
  return *pool;
}

void Pool::run(int64_t units, int threads, Body body, void* context) {
  if (units <= 0) return;
  if (units == 1 || threads <= 1 || units > UINT32_MAX || !turn_.try_lock()) {
    for (int64_t unit = 0; unit < units; unit++) body(context, unit);
    return;
  }
  std::lock_guard<std::mutex> lock(turn_, std::adopt_lock);
  start(threads - 1);
  allowed_.store(threads - 1, std::memory_order_relaxed);
  units_ = units;
  body_ = body;
  context_ = context;
  done_.store(0, std::memory_order_relaxed);
  uint64_t number = (ticket_.load(std::memory_order_relaxed) >> 32) + 1;
  ticket_.store(number << 32 | static_cast<uint64_t>(units), std::memory_order_seq_cst);
  epoch_.fetch_add(1, std::memory_order_seq_cst);
  if (sleeping_.load(std::memory_order_seq_cst) > 0) futex(&epoch_, FUTEX_WAKE_PRIVATE, INT_MAX);
  while (take_one()) {
  }
  for (int waited = 0; done_.load(std::memory_order_acquire) < units; waited++) {
    if (waited < kPatience)
      pause();
    else
      sched_yield();
  }
}

// A unit is taken by counting the run's ticket down. Whoever succeeds knows that the run is not over, so its fields
// stand still until the unit is done.
bool Pool::take_one() {
  uint64_t ticket = ticket_.load(std::memory_order_acquire);
  do {
    if (static_cast<uint32_t>(ticket) == 0) return false;
  } while (!ticket_.compare_exchange_weak(ticket, ticket - 1, std::memory_order_acq_rel, std::memory_order_acquire));
  body_(context_, units_ - static_cast<uint32_t>(ticket));
  done_.fetch_add(1, std::memory_order_release);
  return true;
}

void Pool::work(int index) {
  while (true) {
    uint32_t epoch = epoch_.load(std::memory_order_seq_cst);
    if (index < allowed_.load(std::memory_order_relaxed)) {
      while (take_one()) {
      }
    }
    auto end = std::chrono::steady_clock::now() + kSpin;
    while (epoch_.load(std::memory_order_acquire) == epoch && std::chrono::steady_clock::now() < end)
      for (int i = 0; i < 8; i++) pause();
    if (epoch_.load(std::memory_order_acquire) != epoch) continue;
    sleeping_.fetch_add(1, std::memory_order_seq_cst);
    futex(&epoch_, FUTEX_WAIT_PRIVATE, epoch);  // returns at once if the epoch has moved
    sleeping_.fetch_sub(1, std::memory_order_seq_cst);
  }
}

void Pool::start(int workers) {
  while (workers_ < workers) {
    try {
      int index = workers_;
      std::thread thread([this, index] { work(index); });
      pthread_setname_np(thread.native_handle(), "graft-ops");
      thread.detach();
      workers_++;
    } catch (const std::system_error&) {
      return;  // no more threads: those there are compute, and the caller always does
    }
  }
}

}  // namespace graft
