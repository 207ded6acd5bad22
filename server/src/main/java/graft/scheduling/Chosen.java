package graft.scheduling;

/** The token chosen for a sequence whose slice samples. */
public record Chosen(long sequenceId, int token) {}
