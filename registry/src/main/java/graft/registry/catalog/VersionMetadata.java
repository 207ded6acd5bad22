package graft.registry.catalog;

import java.util.List;
import java.util.Objects;

/**
 * What people say about a version. It may be changed later, unlike the version itself.
 *
 * @param note         empty if none was given
 * @param tags         words to find it by, each once
 * @param trainingData where the data it was trained on can be found; empty if nobody said
 * @param metrics      JSON object
 */
public record VersionMetadata(String note, List<String> tags, String trainingData, String metrics) {
    public static final VersionMetadata NONE = noted("");

    public VersionMetadata {
        Objects.requireNonNull(note);
        tags = tags.stream().distinct().toList();
        Objects.requireNonNull(trainingData);
        Objects.requireNonNull(metrics);
    }

    public static VersionMetadata noted(String note) {
        return new VersionMetadata(note, List.of(), "", "{}");
    }
}
