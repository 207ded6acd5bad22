package graft.adapters;

import java.nio.file.Path;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * One file of an upload.
 *
 * @param folder where it stood in its archive, empty for the top; never used as a path
 * @param path   where its bytes are spooled
 * @param digest {@code sha256:...} of its bytes
 */
record UploadedFile(String folder, String name, Path path, long sizeBytes, String digest) {

    /** What a file is, by its name alone. */
    enum Kind { CONFIG, WEIGHTS, INDEX, SIGNATURE, ARCHIVE, PICKLE, OTHER }

    private static final Pattern WEIGHTS = Pattern.compile("adapter_model[A-Za-z0-9._-]{0,99}\\.safetensors"
            + "|[A-Za-z0-9_(\\[][A-Za-z0-9 ._()\\[\\]+,@=~-]{0,99}\\.gguf");
    private static final Pattern INDEX = Pattern.compile("adapter_model\\.safetensors\\.index\\.json");
    /** As model_signing and sigstore's own tools name their bundles. */
    private static final Pattern SIGNATURE = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._-]{0,99}"
            + "\\.(sig|sigstore|sigstore\\.json)");
    private static final Pattern PICKLE = Pattern.compile(".*\\.(bin|pt|pth|ckpt)");
    private static final Pattern ARCHIVE = Pattern.compile(".*\\.(zip|tar\\.gz|tgz)");

    static Kind kind(String name) {
        String lower = name.toLowerCase(Locale.ROOT);
        if (name.equals("adapter_config.json")) return Kind.CONFIG;
        if (WEIGHTS.matcher(name).matches()) return Kind.WEIGHTS;
        if (INDEX.matcher(name).matches()) return Kind.INDEX;
        if (SIGNATURE.matcher(name).matches()) return Kind.SIGNATURE;
        if (ARCHIVE.matcher(lower).matches()) return Kind.ARCHIVE;
        return PICKLE.matcher(lower).matches() ? Kind.PICKLE : Kind.OTHER;
    }

    Kind kind() {
        return kind(name);
    }

    /** As the user knows it. */
    String shown() {
        return folder.isEmpty() ? name : folder + "/" + name;
    }

    /** The last step of a name, which may be a path of whatever system it comes from. */
    static String lastStep(String filename) {
        return filename.substring(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
    }
}
