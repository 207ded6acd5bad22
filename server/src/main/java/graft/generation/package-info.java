/** Text on one side, tokens on the other: prompts, templates, decoding, stop strings, citations. */
package graft.generation;
