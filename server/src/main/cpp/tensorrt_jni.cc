// The JNI shim: numbers, strings and direct buffers in, numbers out, no logic. Nothing is thrown into the JVM and no
// native exception leaves; a handle that is not open is answered like a closed engine, so that a call after close can't
// crash. No class, method or field of Java's is looked up, so there are no ids to cache.
#include <jni.h>

#include <exception>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "bridge.h"
#include "wire.h"

namespace {

std::mutex handles_mutex;
std::unordered_map<jlong, std::shared_ptr<graft::Bridge>> handles;
jlong next_handle = 1;

std::shared_ptr<graft::Bridge> bridge_of(jlong handle) {
  std::lock_guard<std::mutex> lock(handles_mutex);
  const auto found = handles.find(handle);
  return found == handles.end() ? nullptr : found->second;
}

struct Bytes {
  uint8_t* data = nullptr;
  size_t size = 0;
};

/** Empty if the buffer is not a direct one or is shorter than said. */
Bytes bytes_of(JNIEnv* env, jobject buffer, jlong length) {
  if (buffer == nullptr) return {};
  auto* data = static_cast<uint8_t*>(env->GetDirectBufferAddress(buffer));
  const jlong capacity = env->GetDirectBufferCapacity(buffer);
  if (data == nullptr || capacity < 0 || length < 0 || length > capacity) return {};
  return {data, static_cast<size_t>(length)};
}

Bytes all_of(JNIEnv* env, jobject buffer) {
  return buffer == nullptr ? Bytes{} : bytes_of(env, buffer, env->GetDirectBufferCapacity(buffer));
}

void tell(JNIEnv* env, jobject buffer, const std::string& text) {
  const Bytes into = all_of(env, buffer);
  if (into.size < 8) return;
  graft::Writer(into.data, into.size).text(text.substr(0, into.size - 4));
}

/** Runs it; what it throws becomes a message and a code. */
template <typename Call>
jlong guarded(JNIEnv* env, jobject message, Call call) {
  try {
    return call();
  } catch (const graft::MalformedBytes& e) {
    tell(env, message, e.what());
    return -GRAFT_INVALID;
  } catch (const std::exception& e) {
    tell(env, message, e.what());
    return -GRAFT_FAILED;
  } catch (...) {
    tell(env, message, "a native failure without a description");
    return -GRAFT_FAILED;
  }
}

}  // namespace

extern "C" {

JNIEXPORT jstring JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_kind(JNIEnv* env, jclass) {
  return env->NewStringUTF(graft_executor_kind());
}

JNIEXPORT jlong JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_open(JNIEnv* env, jclass, jobject options,
                                                                        jint length, jobject message) {
  return guarded(env, message, [&]() -> jlong {
    const Bytes in = bytes_of(env, options, length);
    std::string text;
    std::shared_ptr<graft::Bridge> bridge = graft::Bridge::open(graft::Settings::read(in.data, in.size), text);
    if (bridge == nullptr) {
      tell(env, message, text);
      return -GRAFT_FAILED;
    }
    std::lock_guard<std::mutex> lock(handles_mutex);
    handles[next_handle] = std::move(bridge);
    return next_handle++;
  });
}

JNIEXPORT jlong JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_submit(JNIEnv* env, jclass, jlong handle,
                                                                          jobject request, jint length,
                                                                          jobject message) {
  return guarded(env, message, [&]() -> jlong {
    const auto bridge = bridge_of(handle);
    if (bridge == nullptr) return -GRAFT_CLOSED;
    const Bytes in = bytes_of(env, request, length);
    std::string text;
    const int64_t id = bridge->submit(graft::Request::read(in.data, in.size), text);
    if (id < 0) tell(env, message, text);
    return id;
  });
}

JNIEXPORT jlong JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_poll(JNIEnv* env, jclass, jlong handle,
                                                                        jobject events, jint timeout_ms) {
  return guarded(env, nullptr, [&]() -> jlong {
    const auto bridge = bridge_of(handle);
    if (bridge == nullptr) return -GRAFT_CLOSED;
    const Bytes out = all_of(env, events);
    return bridge->poll(timeout_ms, out.data, out.size);
  });
}

JNIEXPORT void JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_cancel(JNIEnv* env, jclass, jlong handle, jlong id) {
  guarded(env, nullptr, [&]() -> jlong {
    const auto bridge = bridge_of(handle);
    if (bridge != nullptr) bridge->cancel(id);
    return GRAFT_OK;
  });
}

JNIEXPORT jlong JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_putAdapter(
    JNIEnv* env, jclass, jlong handle, jlong task, jint dtype, jobject weights, jlong rows, jlong width, jobject config,
    jobject message) {
  return guarded(env, message, [&]() -> jlong {
    const auto bridge = bridge_of(handle);
    if (bridge == nullptr) return GRAFT_CLOSED;
    const Bytes values = all_of(env, weights);
    const Bytes rows_of = all_of(env, config);
    if (rows < 1 || width < 1 || rows_of.size != static_cast<size_t>(rows) * 16) {
      tell(env, message, "the adapter's configuration has another size than its rows");
      return GRAFT_INVALID;
    }
    std::string text;
    const int32_t code =
        bridge->put_adapter(static_cast<uint64_t>(task), dtype, values.data, values.size, static_cast<size_t>(rows),
                            static_cast<size_t>(width), reinterpret_cast<const int32_t*>(rows_of.data), text);
    if (code != GRAFT_OK) tell(env, message, text);
    return code;
  });
}

JNIEXPORT jboolean JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_dropAdapter(JNIEnv* env, jclass, jlong handle,
                                                                                  jlong task) {
  return guarded(env, nullptr, [&]() -> jlong {
           const auto bridge = bridge_of(handle);
           return bridge == nullptr || bridge->drop_adapter(static_cast<uint64_t>(task)) ? 1 : 0;
         }) == 1;
}

JNIEXPORT jint JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_stats(JNIEnv* env, jclass, jlong handle,
                                                                        jobject into) {
  return static_cast<jint>(guarded(env, nullptr, [&]() -> jlong {
    const auto bridge = bridge_of(handle);
    if (bridge == nullptr) return GRAFT_CLOSED;
    const Bytes out = all_of(env, into);
    const graft_stats stats = bridge->stats();
    graft::Writer writer(out.data, out.size);
    writer.number<int32_t>(stats.running);
    writer.number<int32_t>(stats.waiting);
    writer.number<int32_t>(stats.kv_blocks);
    writer.number<int32_t>(stats.kv_free_blocks);
    writer.number<int32_t>(stats.tokens_per_block);
    writer.number<int64_t>(stats.steps);
    writer.number<int64_t>(stats.paused);
    return GRAFT_OK;
  }));
}

JNIEXPORT void JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_shutdown(JNIEnv* env, jclass, jlong handle) {
  guarded(env, nullptr, [&]() -> jlong {
    const auto bridge = bridge_of(handle);
    if (bridge != nullptr) bridge->shutdown();
    return GRAFT_OK;
  });
}

JNIEXPORT void JNICALL Java_graft_engine_tensorrt_TensorRtLibrary_close(JNIEnv* env, jclass, jlong handle) {
  guarded(env, nullptr, [&]() -> jlong {
    std::shared_ptr<graft::Bridge> closed;  // destroyed outside the lock, by whoever holds it last
    {
      std::lock_guard<std::mutex> lock(handles_mutex);
      const auto found = handles.find(handle);
      if (found == handles.end()) return GRAFT_OK;
      closed = std::move(found->second);
      handles.erase(found);
    }
    closed->shutdown();
    return GRAFT_OK;
  });
}

}  // extern "C"
