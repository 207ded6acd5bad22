package graft.api;

import static graft.api.TensorBytes.SOUND;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import graft.adapters.signing.SignaturePolicy;
import graft.adapters.signing.SigningKeys;
import java.io.IOException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * signing/model.sig was made by {@code model_signing sign key} 1.1.1 over adapters/l3-r4-qv (without its golden) with a
 * key of ours that is no more; trusted.pem is its public half.
 */
class SignedAdaptersIT {
    private static final Path SIGNING = CatalogServer.RESOURCES.resolve("signing");
    @TempDir
    private Path work;

    private static SignaturePolicy policy(boolean required, String... keys) {
        return new SignaturePolicy(SigningKeys.read(java.util.stream.Stream.of(keys).map(SIGNING::resolve).toList()),
                required);
    }

    private static byte[] bundle() {
        try {
            return Files.readAllBytes(SIGNING.resolve("model.sig"));
        } catch (IOException e) {
            throw new java.io.UncheckedIOException(e);
        }
    }

    private static MultipartBody sound() {
        return TensorBytes.weights(SOUND.get(TensorBytes.WEIGHTS));
    }

    private static JsonNode reply(int status, CatalogServer server, MultipartBody body) {
        HttpResponse<byte[]> response = server.upload("alice", "a", body);
        assertEquals(status, response.statusCode(), new String(response.body(), StandardCharsets.UTF_8));
        return CatalogServer.json(response);
    }

    private static void refused(CatalogServer server, String reason, MultipartBody body) {
        long before = server.stored();
        String message = reply(422, server, body).at("/error/message").asText();
        assertTrue(message.contains(reason), message);
        assertEquals(before, server.stored());
    }

    private static byte[] changed(Consumer<ObjectNode> change) {
        ObjectNode bundle = (ObjectNode) Json.tree(bundle());
        change.accept(bundle);
        return Json.write(bundle);
    }

    @Test
    void aDemandedSignatureIsCheckedAgainstEveryFileThatIsKept() throws IOException {
        try (CatalogServer server = new CatalogServer(work, policy(true, "other.pem", "trusted.pem"), "tiny-llama3")) {
            refused(server, "holds no signature", sound());
            JsonNode reply = reply(201, server, sound().file("f", "model.sig", bundle()));
            JsonNode version = CatalogServer.json(server.http.get("alice", "/admin/v1/adapters/a/versions/1"));
            assertTrue(version.get("signed_by").asText().matches("sha256:[0-9a-f]{64}"), version.toString());
            assertEquals(2, version.get("files").size(), "the signature is no part of the content");
            assertEquals(0, reply.get("warnings").size());
            Map<String, byte[]> zip = new TreeMap<>(SOUND);
            zip.put("model.sig", bundle());
            reply(201, server, new MultipartBody().file("f", "a.zip", Archives.zip(zip)));

            byte[] other = SOUND.get(TensorBytes.WEIGHTS).clone();
            other[other.length - 1] ^= 1;
            refused(server, "adapter_model.safetensors is not the file that was signed", TensorBytes.weights(other)
                    .file("f", "model.sig", bundle()));
            TensorBytes tensors = new TensorBytes();
            refused(server, "is not among the files", sound().file("f", "adapter_model-x.safetensors",
                    tensors.shard(name -> true)).file("f", "model.sig", bundle()));
            refused(server, "several signatures", sound().file("f", "a.sig", bundle()).file("f", "b.sig", bundle()));
            refused(server, "no adapter", new MultipartBody().file("f", "model.sig", bundle()));
            refused(server, "No key", sound().file("f", "model.sig", changed(bundle -> {
                ObjectNode envelope = (ObjectNode) bundle.get("dsseEnvelope");
                String payload = new String(Base64.getDecoder().decode(envelope.get("payload").asText()),
                        StandardCharsets.UTF_8);
                envelope.put("payload", Base64.getEncoder().encodeToString(payload.replace("16ebbd", "16ebbe")
                        .getBytes(StandardCharsets.UTF_8)));
            })));
            refused(server, "No key", sound().file("f", "model.sig", changed(bundle ->
                    ((ObjectNode) bundle.at("/dsseEnvelope/signatures/0")).put("sig", "AAAA"))));
            for (byte[] bad : List.of(new byte[0], "{}".getBytes(StandardCharsets.UTF_8), "[]".getBytes(
                    StandardCharsets.UTF_8), changed(bundle -> bundle.remove("dsseEnvelope")), changed(bundle ->
                            ((ObjectNode) bundle.get("dsseEnvelope")).put("payloadType", "text/plain")),
                    changed(bundle -> ((ObjectNode) bundle.get("dsseEnvelope")).putArray("signatures")),
                    changed(bundle -> ((ObjectNode) bundle.get("dsseEnvelope")).put("payload", "!"))))
                refused(server, "ignature", sound().file("f", "model.sig", bad));
            refused(server, "larger than", sound().file("f", "model.sig", new byte[2 << 20]));
        }
    }

    @Test
    void aSignatureByAnUnknownKeyIsRefusedAndOneThatCanNotBeCheckedIsSaid() {
        try (CatalogServer server = new CatalogServer(work, policy(false, "other.pem"), "tiny-llama3")) {
            reply(201, server, sound());
            refused(server, "No key of adapters.signing-keys", sound().file("f", "model.sig", bundle()));
        }
        try (CatalogServer server = new CatalogServer(work, SignaturePolicy.NONE, "tiny-llama3")) {
            String warnings = reply(201, server, sound().file("f", "model.sig", bundle())).get("warnings").toString();
            assertTrue(warnings.contains("was not checked"), warnings);
        }
        assertThrows(IllegalArgumentException.class, () -> policy(true));
        assertThrows(IllegalArgumentException.class, () -> policy(true, "model.sig"));
    }
}
