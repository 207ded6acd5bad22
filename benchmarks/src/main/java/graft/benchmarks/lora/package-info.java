/** LoRA adapters made for measuring: of any rank, as PEFT folders and as GGUF files with the same numbers. */
package graft.benchmarks.lora;
