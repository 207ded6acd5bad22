/** What an answer stands on: which passages by which mode, for which question, and whether they carry it. */
package graft.knowledge.grounding;
