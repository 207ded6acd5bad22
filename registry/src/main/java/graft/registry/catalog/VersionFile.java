package graft.registry.catalog;

/**
 * One file of a version.
 *
 * @param path     plain file name
 * @param artifact {@code sha256:...} of its bytes
 */
public record VersionFile(String path, String artifact, long sizeBytes) {}
