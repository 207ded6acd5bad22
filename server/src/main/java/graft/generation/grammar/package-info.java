/**
 * Answers that must be JSON of a given schema: a schema is compiled to a pushdown automaton over bytes, and the
 * automaton says which tokens of a vocabulary may come next. A room of its own because a language is one thing and what
 * is said in it another; knows the engine's and the tokeniser's ports and java.base only.
 */
package graft.generation.grammar;
