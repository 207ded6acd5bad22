package graft.adapters;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * Which of an upload's files are the adapter: those sent as they are, or those of the one folder of an archive that
 * holds an adapter (training tools put it at the top, or in a folder beside checkpoints).
 *
 * @param adapter   files to keep, their names unlike
 * @param signature over them, beside them
 * @param warnings  what was left out and why
 */
record UploadedFiles(List<UploadedFile> adapter, Optional<UploadedFile> signature, List<String> warnings) {
    private static final int MOST_WARNINGS = 50;

    UploadedFiles {
        adapter = List.copyOf(adapter);
        warnings = List.copyOf(warnings);
    }

    /**
     * @param found   what may belong to an adapter
     * @param ignored names of everything else
     * @throws RefusedUploadException if there is no adapter, or more than one
     */
    static UploadedFiles choose(List<UploadedFile> found, List<String> ignored) {
        if (found.stream().allMatch(file -> file.kind() == UploadedFile.Kind.SIGNATURE))
            throw RefusedUploadException.faulty("The upload holds no adapter: send "
                + "adapter_config.json and adapter_model*.safetensors, a .gguf, or a .zip or .tar.gz of them.");
        Map<String, List<UploadedFile>> folders = found.stream()
                .collect(Collectors.groupingBy(UploadedFile::folder, TreeMap::new, Collectors.toList()));
        String home = home(folders);
        Map<Boolean, List<UploadedFile>> here = folders.get(home).stream()
                .collect(Collectors.partitioningBy(file -> file.kind() == UploadedFile.Kind.SIGNATURE));
        if (here.get(true).size() > 1) throw RefusedUploadException.faulty("The upload holds several signatures, "
                + String.join(", ", here.get(true).stream().map(UploadedFile::shown).toList()) + ": send one.");
        List<UploadedFile> adapter = here.get(false);
        refuseTwins(adapter);
        List<String> left = new ArrayList<>(ignored);
        adapter = oneForm(adapter, left);
        folders.forEach((folder, files) -> {
            if (!folder.equals(home)) files.forEach(file -> left.add(file.shown()));
        });
        return new UploadedFiles(adapter, here.get(true).stream().findFirst(), warnings(left));
    }

    /** The folder nearest to the top that has a configuration or a GGUF; without one, the nearest at all. */
    private static String home(Map<String, List<UploadedFile>> folders) {
        Set<String> whole = folders.keySet().stream().filter(folder -> folders.get(folder).stream().anyMatch(file ->
                file.kind() == UploadedFile.Kind.CONFIG || file.name().endsWith(".gguf"))).collect(Collectors.toSet());
        Set<String> weighty = folders.keySet().stream().filter(folder -> folders.get(folder).stream().anyMatch(file ->
                file.kind() != UploadedFile.Kind.SIGNATURE)).collect(Collectors.toSet());
        Set<String> candidates = whole.isEmpty() ? weighty : whole;
        int top = candidates.stream().mapToInt(UploadedFiles::depth).min().orElseThrow();
        List<String> nearest = candidates.stream().filter(folder -> depth(folder) == top).sorted().toList();
        if (nearest.size() > 1) throw RefusedUploadException.faulty("The upload holds several adapters, in the folders "
                + String.join(", ", nearest) + ": send one.");
        return nearest.getFirst();
    }

    private static int depth(String folder) {
        return folder.isEmpty() ? 0 : 1 + (int) folder.chars().filter(c -> c == '/').count();
    }

    /** Either a GGUF alone, which holds its own configuration, or what PEFT saves. */
    private static List<UploadedFile> oneForm(List<UploadedFile> adapter, List<String> left) {
        Map<Boolean, List<UploadedFile>> byForm = adapter.stream()
                .collect(Collectors.partitioningBy(file -> file.name().endsWith(".gguf")));
        if (byForm.get(true).isEmpty()) return adapter;
        if (byForm.get(true).size() > 1 || adapter.stream().anyMatch(file -> file.name().endsWith(".safetensors")))
            throw RefusedUploadException.faulty("The upload holds several adapters, "
                    + String.join(", ", adapter.stream().filter(file -> file.kind() == UploadedFile.Kind.WEIGHTS)
                            .map(UploadedFile::shown).sorted().toList()) + ": send one.");
        byForm.get(false).forEach(file -> left.add(file.shown()));
        return byForm.get(true);
    }

    private static void refuseTwins(List<UploadedFile> adapter) {
        Set<String> names = new HashSet<>();
        for (UploadedFile file : adapter) {
            if (!names.add(file.name()))
                throw RefusedUploadException.faulty("The upload holds two " + file.name() + ".");
        }
    }

    private static List<String> warnings(List<String> left) {
        List<String> warnings = new ArrayList<>(left.stream().limit(MOST_WARNINGS)
                .map(name -> (name.length() > 200 ? name.substring(0, 200) + "..." : name)
                        + " is not part of an adapter and was not kept.").toList());
        if (left.size() > MOST_WARNINGS)
            warnings.add((left.size() - MOST_WARNINGS) + " more files are not part of an adapter and were not kept.");
        return warnings;
    }
}
