package graft.engine.remote;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import graft.engine.BaseModel;
import graft.engine.EngineRequest;
import graft.engine.EngineStatus;
import graft.engine.InferenceEngine;
import graft.engine.Submission;
import graft.engine.TokenSink;
import graft.weights.ModelFiles;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.StringWriter;
import java.lang.System.Logger.Level;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Semaphore;

/**
 * Serves one base model by another server's OpenAI-compatible completions, with token ids both ways. Each request has a
 * virtual thread, on which its sink is called; thread rules are otherwise those of {@link InferenceEngine}.
 *
 * <p>Engine time is the wall clock of each answer: what another machine computes can't be split finer from here.
 */
public final class RemoteEngine implements InferenceEngine {
    private static final System.Logger LOG = System.getLogger(RemoteEngine.class.getName());
    private static final JsonFactory JSON = new JsonFactory();
    private static final int LONGEST_ERROR = 2000;
    private static final Duration HEALTH_WAIT = Duration.ofSeconds(2);

    private final BaseModel model;
    private final RemoteSettings settings;
    private final String remoteModel;
    private final Optional<ServeProcess> child;
    private final AdapterFolders folders;
    private final HttpClient http;
    private final Semaphore running;
    private final Map<Long, RemoteSequence> accepted = new HashMap<>();
    /** By the name that server knows: done once it has the adapter. */
    private final Map<String, CompletableFuture<Void>> loaded = new HashMap<>();
    private final long startedMicros = RemoteSequence.nowMicros();
    private long ids;
    private long promptTokens;
    private long cachedTokens;
    private long generatedTokens;
    private long busySince;
    private long busyMicros;
    private int busy;
    private boolean closing;

    /**
     * @param files the base's folder: its configuration, and the tokeniser of the same model as that server's
     * @throws EngineUnavailableException if that server can't be reached or started
     */
    public static RemoteEngine open(String id, ModelFiles files, RemoteSettings settings) {
        int context = Math.min(files.config().maxPositions(), settings.contextLimit());
        return new RemoteEngine(new BaseModel(id, files.digest(), context, files.config().vocabularySize(),
                files.stopTokens()), settings);
    }

    RemoteEngine(BaseModel model, RemoteSettings settings) {
        this.model = model;
        this.settings = settings;
        remoteModel = settings.model().orElse(model.id());
        folders = new AdapterFolders(settings.adapters(), settings.mostAdapters());
        running = new Semaphore(settings.maxRunning(), true);
        http = HttpClient.newBuilder().connectTimeout(settings.connectWait()).followRedirects(HttpClient.Redirect.NEVER)
                .version(HttpClient.Version.HTTP_1_1).build();
        child = settings.command().isEmpty() ? Optional.empty()
                : Optional.of(new ServeProcess(settings.command(), settings.restartPause(), settings.stopLimit()));
        try {
            child.ifPresent(process -> process.await(settings.startLimit(), this::answers));
            if (!answers()) throw new EngineUnavailableException(settings.url() + settings.dialect().health()
                    + " does not answer");
        } catch (RuntimeException e) {
            child.ifPresent(ServeProcess::close);
            http.close();
            throw e;
        }
        LOG.log(Level.INFO, "engine=remote base={0} url={1} dialect={2} child={3}", model.id(), settings.url(),
                settings.dialect(), child.map(process -> String.valueOf(process.pid())).orElse("none"));
    }

    /** Whether that server says that it is well. */
    private boolean answers() {
        try {
            return http.send(to(settings.dialect().health()).timeout(HEALTH_WAIT).build(),
                    HttpResponse.BodyHandlers.discarding()).statusCode() == 200;
        } catch (IOException away) {
            return false;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private HttpRequest.Builder to(String path) {
        String base = settings.url().toString().replaceAll("/+$", "");
        HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(base + path));
        settings.key().ifPresent(key -> request.header("Authorization", "Bearer " + key));
        return request;
    }

    @Override
    public BaseModel model() {
        return model;
    }

    @Override
    public Submission submit(EngineRequest request, TokenSink sink) {
        check(request);
        RemoteSequence sequence;
        synchronized (accepted) {
            if (closing) throw new IllegalStateException("the engine has stopped");
            if (accepted.size() >= settings.maxRunning() + settings.maxWaiting())
                return new Submission.Busy(Duration.ofMillis(settings.retryAfterMillis()));
            sequence = new RemoteSequence(++ids, request, sink);
            accepted.put(sequence.id, sequence);
        }
        Thread.ofVirtual().name("remote-" + sequence.id).start(() -> run(sequence));
        return new Submission.Accepted(sequence.id);
    }

    private void check(EngineRequest request) {
        if ((long) request.prompt().length + request.maxNewTokens() > model.contextLength())
            throw new IllegalArgumentException("prompt of " + request.prompt().length + " and answer of "
                    + request.maxNewTokens() + " tokens exceed the context of " + model.contextLength());
        for (int token : request.prompt()) {
            if (token < 0 || token >= model.vocabularySize())
                throw new IllegalArgumentException("token " + token + " is not in the vocabulary");
        }
    }

    private void run(RemoteSequence sequence) {
        boolean has = false;
        try {
            running.acquire();
            has = true;
            if (!sequence.cancelled) answer(sequence);
        } catch (InterruptedException | RuntimeException | IOException failed) {
            sequence.fail("the engine at " + settings.url() + ": " + failed.getMessage());
        } finally {
            if (has) running.release();
            synchronized (accepted) {
                accepted.remove(sequence.id);
            }
            sequence.finish();
        }
    }

    private void answer(RemoteSequence sequence) throws IOException, InterruptedException {
        refuseWhatItCanNot(sequence.request);
        Optional<Dialect.Laid> laid = sequence.adapter().map(folders::hold);
        busyFrom(sequence);
        try {
            if (laid.isPresent() && settings.dialect().adapters() == Dialect.Adapters.LOADED) load(laid.get());
            stream(sequence, laid);
        } finally {
            busyUntil(sequence);
            sequence.adapter().ifPresent(folders::release);
        }
    }

    private void refuseWhatItCanNot(EngineRequest request) {
        if (!request.adapters().isEmpty()) {
            if (settings.dialect().adapters() == Dialect.Adapters.NONE)
                throw new EngineUnavailableException("it takes no adapters of ours");
            if (request.adapters().size() > 1) throw new EngineUnavailableException("it composes no adapters");
            if (request.adapters().getFirst().scale() != 1)
                throw new EngineUnavailableException("it takes no scale beside an adapter's own");
        }
        if (!settings.dialect().takes(request))
            throw new EngineUnavailableException("it can't be held to this answer's grammar");
    }

    private void stream(RemoteSequence sequence, Optional<Dialect.Laid> laid) throws IOException, InterruptedException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            settings.dialect().write(json, remoteModel, sequence.request, laid);
        }
        HttpResponse<InputStream> reply = http.send(to(settings.dialect().path())
                .header("Content-Type", "application/json").timeout(settings.silence())
                .POST(HttpRequest.BodyPublishers.ofString(text.toString())).build(),
                HttpResponse.BodyHandlers.ofInputStream());
        try (InputStream body = reply.body()) {
            sequence.body = Optional.of(body);
            if (sequence.cancelled) return;
            if (reply.statusCode() != 200) {
                String error = new String(body.readNBytes(LONGEST_ERROR), StandardCharsets.UTF_8);
                throw new EngineUnavailableException("it answered " + reply.statusCode() + ": " + error);
            }
            sequence.started();
            read(sequence, body);
        } catch (IOException cut) {
            // Closing the body is how a cancelled request stops reading, and how that server hears of it.
            if (!sequence.cancelled) throw cut;
        }
    }

    private static void read(RemoteSequence sequence, InputStream body) throws IOException, InterruptedException {
        BufferedReader lines = new BufferedReader(new InputStreamReader(body, StandardCharsets.UTF_8));
        for (String line = lines.readLine(); line != null; line = lines.readLine()) {
            if (!line.startsWith("data:")) {
                if (line.startsWith("error:")) sequence.take(Chunk.of(line.substring(6)));
                continue;
            }
            String data = line.substring(5).strip();
            if (data.equals("[DONE]") || !sequence.take(Chunk.of(data))) return;
        }
    }

    /** Returns once that server has it: whoever comes while it is being loaded waits for that. */
    private void load(Dialect.Laid laid) throws IOException, InterruptedException {
        CompletableFuture<Void> mine = new CompletableFuture<>();
        CompletableFuture<Void> others;
        synchronized (loaded) {
            others = loaded.putIfAbsent(laid.name(), mine);
        }
        if (others != null) {
            await(others);
            return;
        }
        boolean there = false;
        try {
            askToLoad(laid);
            there = true;
        } finally {
            if (!there) {
                synchronized (loaded) {
                    loaded.remove(laid.name());
                }
                mine.completeExceptionally(new EngineUnavailableException("it did not load the adapter"));
            }
        }
        mine.complete(null);
    }

    private static void await(CompletableFuture<Void> load) throws InterruptedException {
        try {
            load.get();
        } catch (ExecutionException failed) {
            throw new EngineUnavailableException(failed.getCause().getMessage());
        }
    }

    private void askToLoad(Dialect.Laid laid) throws IOException, InterruptedException {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = JSON.createGenerator(text)) {
            json.writeStartObject();
            json.writeStringField("lora_name", laid.name());
            json.writeStringField("lora_path", laid.folder());
            json.writeEndObject();
        }
        HttpResponse<String> reply = http.send(to("/v1/load_lora_adapter").header("Content-Type", "application/json")
                .timeout(settings.silence()).POST(HttpRequest.BodyPublishers.ofString(text.toString())).build(),
                HttpResponse.BodyHandlers.ofString());
        boolean there = reply.statusCode() == 200 || reply.body().contains("already been loaded");
        if (!there) throw new EngineUnavailableException("it did not load the adapter: " + reply.statusCode() + " "
                + reply.body().substring(0, Math.min(LONGEST_ERROR, reply.body().length())));
    }

    private void busyFrom(RemoteSequence sequence) {
        synchronized (accepted) {
            if (busy++ == 0) busySince = RemoteSequence.nowMicros();
        }
    }

    private void busyUntil(RemoteSequence sequence) {
        synchronized (accepted) {
            if (--busy == 0) busyMicros += RemoteSequence.nowMicros() - busySince;
            promptTokens += sequence.request.prompt().length - sequence.cachedTokens();
            cachedTokens += sequence.cachedTokens();
            generatedTokens += sequence.delivered();
        }
    }

    private Optional<RemoteSequence> alive(long sequenceId) {
        synchronized (accepted) {
            return Optional.ofNullable(accepted.get(sequenceId));
        }
    }

    @Override
    public void allow(long sequenceId, int tokens) {
        alive(sequenceId).ifPresent(sequence -> sequence.allow(tokens));
    }

    @Override
    public void cancel(long sequenceId) {
        alive(sequenceId).ifPresent(RemoteEngine::cut);
    }

    private static void cut(RemoteSequence sequence) {
        sequence.cancel();
        sequence.body.ifPresent(body -> {
            try {
                body.close();
            } catch (IOException closed) {
                LOG.log(Level.DEBUG, "closing a cancelled answer", closed);
            }
        });
    }

    @Override
    public EngineStatus status() {
        List<EngineStatus.ResidentAdapter> residents = folders.residents().stream().map(one ->
                EngineStatus.ResidentAdapter.of(one.adapter(), EngineStatus.Tier.HOST, one.bytes(), one.uses()))
                .toList();
        synchronized (accepted) {
            long now = RemoteSequence.nowMicros();
            long busyNow = busyMicros + (busy > 0 ? now - busySince : 0);
            return new EngineStatus("remote", "remote", settings.url().getHost(), busy, accepted.size() - busy,
                    new EngineStatus.Blocks(0, 0, 0, 1), EngineStatus.Memory.UNKNOWN, residents,
                    settings.mostAdapters(),
                    new EngineStatus.Totals(0, promptTokens, cachedTokens, generatedTokens, 0, busyNow,
                            now - startedMicros - busyNow, folders.laid()), !closing);
        }
    }

    @Override
    public void evict(String adapterDigest) {
        folders.evict(adapterDigest);
    }

    @Override
    public void close() {
        List<RemoteSequence> left;
        synchronized (accepted) {
            if (closing) return;
            closing = true;
            left = new ArrayList<>(accepted.values());
        }
        left.forEach(RemoteEngine::cut);
        child.ifPresent(ServeProcess::close);
        http.shutdownNow();
        http.close();
    }
}
