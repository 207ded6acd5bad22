/**
 * TensorRT-LLM behind the engine port: its C++ executor (release 1.2.1) in this process, through JNI. Scheduling, KV
 * cache and batching are the executor's; ours are the adapters' packing and residency, the accounting, and the mapping
 * of everything the port promises. The native side is server/src/main/cpp; its README says what was run where.
 */
package graft.engine.tensorrt;
