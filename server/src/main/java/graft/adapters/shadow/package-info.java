/** Candidates that answer an alias's requests besides, after the real answer and for comparison only. */
package graft.adapters.shadow;
