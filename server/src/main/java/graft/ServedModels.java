package graft;

import graft.engine.InferenceEngine;
import graft.engine.remote.EngineUnavailableException;
import graft.engine.tensorrt.UnsupportedEngineException;
import graft.engine.torch.UnsupportedModelException;
import graft.generation.ChatTemplate;
import graft.generation.EngineModel;
import graft.tokens.HuggingFaceTokenizer;
import graft.tokens.Tokenizer;
import graft.weights.InvalidModelException;
import graft.weights.ModelConfig;
import graft.weights.ModelFiles;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The base models of {@code --base}, loaded: an engine each, with what their files hold for text. */
final class ServedModels implements AutoCloseable {
    private final Map<String, Served> models = new LinkedHashMap<>();

    /** @param config its shapes, which adapters are proved against */
    record Served(EngineModel model, ModelConfig config) {}

    /** What one {@code --base} names. */
    record Source(String id, Path path) {
        /** @param text {@code [NAME=]demo}, {@code [NAME=]FOLDER} or {@code [NAME=]FILE.gguf} */
        static Source of(String text, Artifacts artifacts) {
            int equals = text.indexOf('=');
            Optional<String> name = equals > 0 ? Optional.of(text.substring(0, equals)) : Optional.empty();
            String place = text.substring(equals + 1);
            if (place.equals("demo")) return new Source(name.orElse(Artifacts.DEMO_MODEL_ID), artifacts.demoModel());
            Path path = Path.of(place).toAbsolutePath().normalize();
            if (!Files.exists(path)) throw new SetupException("The base model " + path + " does not exist.");
            String file = path.getFileName().toString();
            return new Source(name.orElse(file.endsWith(".gguf") ? file.substring(0, file.length() - 5) : file), path);
        }

        boolean isDemo(Artifacts artifacts) {
            return path.equals(artifacts.demoModel());
        }
    }

    /** One base on an engine that is there already; closed with this. */
    static ServedModels of(EngineModel model, ModelConfig config) {
        ServedModels served = new ServedModels();
        served.models.put(model.engine().model().id(), new Served(model, config));
        return served;
    }

    /** @throws SetupException naming the base that can't be served */
    static ServedModels open(List<Source> sources, EngineOpener opener) {
        ServedModels served = new ServedModels();
        try {
            for (Source source : sources) served.add(source, opener);
            return served;
        } catch (RuntimeException | Error e) {
            served.close();
            throw e;
        }
    }

    private void add(Source source, EngineOpener opener) {
        if (models.containsKey(source.id())) throw new SetupException("Two bases are named " + source.id() + ".");
        try (ModelFiles files = ModelFiles.open(source.path(), ModelFiles.DEFAULT_HEADER_LIMIT)) {
            Optional<Tokenizer> tokenizer = files.tokenizerJson().map(HuggingFaceTokenizer::of);
            Optional<ChatTemplate> template = files.chatTemplate().map(ChatTemplate::compile);
            InferenceEngine engine = opener.open(source.id(), source.path(), files);
            models.put(source.id(), new Served(new EngineModel(engine, tokenizer, template,
                    files.bosToken().orElse(""), files.eosToken().orElse("")), files.config()));
        } catch (InvalidModelException | UnsupportedModelException | UnsupportedEngineException
                | EngineUnavailableException e) {
            throw new SetupException("The base model " + source.path() + " can't be served: " + e.getMessage(), e);
        }
    }

    Map<String, Served> all() {
        return models;
    }

    Map<String, EngineModel> forGeneration() {
        Map<String, EngineModel> byId = new LinkedHashMap<>();
        models.forEach((id, served) -> byId.put(id, served.model()));
        return byId;
    }

    List<InferenceEngine> engines() {
        return models.values().stream().map(ServedModels::engine).toList();
    }

    /** False once an engine stopped for good. */
    boolean healthy() {
        return engines().stream().allMatch(engine -> engine.status().healthy());
    }

    private static InferenceEngine engine(Served served) {
        return served.model().engine();
    }

    @Override
    public void close() {
        for (Served served : models.values()) {
            engine(served).close();
            served.model().tokenizer().ifPresent(Tokenizer::close);
        }
    }
}
