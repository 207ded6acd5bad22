package graft.adapters;

import graft.weights.PeftAdapter;
import graft.weights.PeftAdapter.LoraModule;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;

/**
 * How much an adapter changes each module of its base: the Frobenius norm of scale * B A. Reading an adapter takes as
 * long as its proof, so the last ones are remembered; digests never mean other weights. Any thread may call.
 */
public final class AdapterNorms {
    private static final int REMEMBERED = 64;
    private final AdapterFiles files;
    private final LinkedHashMap<String, List<Norm>> known = new LinkedHashMap<>(16, 0.75f, true);

    public AdapterNorms(AdapterFiles files) {
        this.files = files;
    }

    /** @param layer -1 outside the layers; @param kind as {@code q_proj} */
    public record Norm(String path, int layer, String kind, double norm) {}

    /** @return empty if the base's proof can't read adapters module by module */
    public Optional<List<Norm>> of(String owner, String digest, AdapterProof proof) {
        synchronized (known) {
            List<Norm> before = known.get(digest);
            if (before != null) return Optional.of(before);
        }
        if (!(proof instanceof PeftProof peft)) return Optional.empty();
        List<Norm> norms = peft.read(files.folder(owner, digest), AdapterNorms::of);
        synchronized (known) {
            known.put(digest, norms);
            if (known.size() > REMEMBERED) known.pollFirstEntry();
        }
        return Optional.of(norms);
    }

    static List<Norm> of(PeftAdapter adapter) {
        return adapter.modules().stream().map(module -> new Norm(module.path(), module.layer(), module.kind(),
                norm(module))).toList();
    }

    /** |B A|^2 = trace((B^T B)(A A^T)): two [rank, rank] matrices instead of one as large as the base's. */
    private static double norm(LoraModule module) {
        int rank = module.rank();
        float[] a = module.a().floats();
        float[] b = module.b().floats();
        double square = 0;
        for (int i = 0; i < rank; i++) {
            for (int j = i; j < rank; j++) {
                double product = columns(b, rank, i, j) * rows(a, module.in(), i, j);
                square += i == j ? product : 2 * product;
            }
        }
        return Math.abs(module.scale()) * Math.sqrt(Math.max(0, square));
    }

    /** @param a [rank, in] */
    private static double rows(float[] a, int in, int i, int j) {
        double sum = 0;
        for (int at = 0; at < in; at++) sum += (double) a[i * in + at] * a[j * in + at];
        return sum;
    }

    /** @param b [out, rank] */
    private static double columns(float[] b, int rank, int i, int j) {
        double sum = 0;
        for (int at = 0; at < b.length; at += rank) sum += (double) b[at + i] * b[at + j];
        return sum;
    }
}
