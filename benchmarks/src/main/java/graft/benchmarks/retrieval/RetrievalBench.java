package graft.benchmarks.retrieval;

import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/**
 * Puts a collection into a store, one file a document, asks every judged query by words, by meaning and by both, and
 * measures the order of the documents. A document stands where its first passage does. Files are named by the
 * document's number, because ids may be anything and a name's words are searched. One thread.
 */
public final class RetrievalBench {
    private static final int FILES_PER_BATCH = 500; // knowledge.max-files-per-call
    private static final int UPLOADS = 4; // at a time
    private static final int REACH = 100;
    private static final int MORE = 500; // knowledge.max-results: where documents have several passages
    private static final int LONGEST_QUERY = 16_000; // knowledge.max-query-characters
    private static final List<String> RANKINGS = List.of("bm25", "vector", "fused");
    private final KnowledgeClient client;
    private final Collection collection;
    private final List<String> ids;
    private String store = "";

    /** @param millis of the searches by both, sorted */
    public record Outcome(Map<String, Double> figures, boolean complete, double[] millis) {}

    /** @param url of the server; @param key with the scope knowledge */
    public RetrievalBench(Collection collection, String url, String key) {
        this.client = new KnowledgeClient(url, key);
        this.collection = collection;
        this.ids = List.copyOf(collection.documents().keySet());
    }

    /** Uploads what the server does not have yet and waits until it is searchable. @return whether all of it is */
    private boolean fill() throws IOException {
        String name = "bench " + digest();
        Optional<String> known = client.findStore(name);
        store = known.isPresent() ? known.get() : client.createStore(name);
        List<Integer> filled = new ArrayList<>();
        for (int i = 0; i < ids.size(); i++) if (!text(i).isBlank()) filled.add(i);
        say(ids.size() + " documents, " + (ids.size() - filled.size()) + " of them without text");
        if (known.isEmpty()) {
            for (int from = 0; from < filled.size(); from += FILES_PER_BATCH) {
                client.addBatch(store, upload(filled.subList(from, Math.min(filled.size(), from + FILES_PER_BATCH))));
            }
        }
        KnowledgeClient.Progress progress = await();
        if (progress.failed() > 0) say(progress.failed() + " failed, as with: " + client.failures(store));
        return progress.completed() == filled.size();
    }

    private String text(int document) {
        return collection.documents().get(ids.get(document));
    }

    private List<String> upload(List<Integer> documents) throws IOException {
        List<Future<String>> uploads = new ArrayList<>();
        List<String> files = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(UPLOADS)) {
            for (int document : documents) {
                uploads.add(threads.submit(() -> client.upload(document + ".txt", text(document))));
            }
            for (Future<String> upload : uploads) files.add(upload.get());
        } catch (ExecutionException | InterruptedException e) {
            throw new IOException("an upload failed", e);
        }
        return files;
    }

    private KnowledgeClient.Progress await() throws IOException {
        long began = System.nanoTime();
        long told = began;
        while (true) {
            KnowledgeClient.Progress progress = client.progress(store);
            if (progress.inProgress() == 0) {
                say(progress.completed() + " indexed in " + (System.nanoTime() - began) / 1_000_000_000 + " s");
                return progress;
            }
            if (System.nanoTime() - told > 30_000_000_000L) {
                told = System.nanoTime();
                say(progress.completed() + " indexed, " + progress.inProgress() + " to go");
            }
            try {
                Thread.sleep(500);
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new IOException("interrupted", e);
            }
        }
    }

    /** @param run where to write TREC runs: of both legs together there, of each leg beside it */
    public Outcome measure(Optional<Path> run) throws IOException {
        boolean complete = fill();
        Map<String, Double> figures = new LinkedHashMap<>();
        double[] millis = new double[collection.queries().size()];
        for (String ranking : RANKINGS) {
            Map<String, List<String>> ranked = new LinkedHashMap<>();
            int asked = 0;
            for (Map.Entry<String, String> query : collection.queries().entrySet()) {
                long began = System.nanoTime();
                ranked.put(query.getKey(), rank(query.getKey(), query.getValue(), ranking));
                millis[asked++] = (System.nanoTime() - began) / 1e6; // the fused ones are the last
            }
            double ndcg = 0;
            double recall = 0;
            for (Map.Entry<String, List<String>> one : ranked.entrySet()) {
                Quality quality = Quality.of(one.getValue(), collection.judgements().get(one.getKey()));
                ndcg += quality.ndcg() / ranked.size();
                recall += quality.recall() / ranked.size();
            }
            figures.put(ranking + " ndcg@10", ndcg);
            figures.put(ranking + " recall@100", recall);
            if (run.isPresent()) write(runFile(run.get(), ranking), ranking, ranked);
        }
        Arrays.sort(millis);
        return new Outcome(figures, complete, millis);
    }

    /** Documents in order; a document is no answer to itself (BEIR leaves out equal ids). */
    private List<String> rank(String id, String query, String ranking) throws IOException {
        String text = query.length() > LONGEST_QUERY ? query.substring(0, LONGEST_QUERY) : query;
        if (text.isBlank()) return List.of();
        List<String> documents = List.of();
        for (int most = REACH + REACH / 2; most <= MORE; most = MORE) {
            List<KnowledgeClient.Hit> hits = client.search(store, text, ranking, most);
            Set<String> seen = new LinkedHashSet<>();
            for (KnowledgeClient.Hit hit : hits) seen.add(ids.get(number(hit.filename())));
            seen.remove(id);
            documents = List.copyOf(seen);
            if (documents.size() >= REACH || hits.size() < most || most == MORE) break;
        }
        return documents.size() <= REACH ? documents : documents.subList(0, REACH);
    }

    private static int number(String filename) {
        return Integer.parseInt(filename.substring(0, filename.indexOf('.')));
    }

    private static Path runFile(Path file, String ranking) {
        return ranking.equals("fused") ? file : file.resolveSibling(file.getFileName() + "." + ranking);
    }

    /** Query, Q0, document, rank, score, name. The score falls with the rank, which trec_eval sorts by. */
    private static void write(Path file, String ranking, Map<String, List<String>> ranked) throws IOException {
        if (file.toAbsolutePath().getParent() != null) Files.createDirectories(file.toAbsolutePath().getParent());
        try (Writer out = Files.newBufferedWriter(file)) {
            for (Map.Entry<String, List<String>> one : ranked.entrySet()) {
                for (int rank = 1; rank <= one.getValue().size(); rank++) {
                    out.write(one.getKey() + " Q0 " + one.getValue().get(rank - 1) + " " + rank + " "
                            + (1.0 / rank) + " graft-" + ranking + "\n");
                }
            }
        }
    }

    private String digest() {
        try {
            MessageDigest digest = MessageDigest.getInstance("SHA-256");
            collection.documents().forEach((id, text) -> digest.update((id + "\n" + text + "\n").getBytes(
                    StandardCharsets.UTF_8)));
            return HexFormat.of().formatHex(digest.digest()).substring(0, 16);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static void say(String line) {
        System.err.println(line);
    }
}
