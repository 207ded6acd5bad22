/**
 * An engine elsewhere behind the engine port: any server that speaks OpenAI's completions over HTTP with token ids, and
 * so bridge B, a supervised {@code trtllm-serve} child for TensorRT-LLM releases that no longer have a C++ executor.
 * Batching, KV cache and residency are that server's; tokens are accounted for as it delivers them.
 */
package graft.engine.remote;
