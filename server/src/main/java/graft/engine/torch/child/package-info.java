/**
 * An encoder of libtorch in a process of its own, for a server whose process hosts TensorRT-LLM: the two don't share
 * one.
 */
package graft.engine.torch.child;
