/**
 * Functions that a model may call: what is asked, how the model is told, how its answer is held to it, and how its
 * calls are read back. A room of its own because every family of models writes calls in its own way; knows the grammar,
 * the tokeniser's port and java.base only.
 */
package graft.generation.tools;
