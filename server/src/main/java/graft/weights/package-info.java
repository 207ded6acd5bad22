/**
 * Files to tensors: safetensors, GGUF, PEFT adapters, model configurations. Imports java.base and Jackson core only.
 */
package graft.weights;
