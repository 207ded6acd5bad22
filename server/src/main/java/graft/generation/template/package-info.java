/**
 * The Jinja language as chat templates use it: lexer, parser and built-ins of Jinja 3.1 with the environment of Hugging
 * Face transformers (trim_blocks, lstrip_blocks, loop controls, sandboxed and immutable). A room of its own because a
 * language is one thing and what is said in it another; imports java.base only.
 */
package graft.generation.template;
