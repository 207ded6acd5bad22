package graft.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.openai.client.OpenAIClient;
import com.openai.client.okhttp.OpenAIOkHttpClient;
import com.openai.core.JsonValue;
import com.openai.core.http.StreamResponse;
import com.openai.errors.BadRequestException;
import com.openai.errors.NotFoundException;
import com.openai.errors.UnauthorizedException;
import com.openai.helpers.ChatCompletionAccumulator;
import com.openai.models.FunctionDefinition;
import com.openai.models.FunctionParameters;
import com.openai.models.chat.completions.ChatCompletion;
import com.openai.models.chat.completions.ChatCompletionChunk;
import com.openai.models.chat.completions.ChatCompletionCreateParams;
import com.openai.models.chat.completions.ChatCompletionFunctionTool;
import com.openai.models.chat.completions.ChatCompletionStreamOptions;
import com.openai.models.chat.completions.ChatCompletionToolMessageParam;
import com.openai.models.completions.Completion;
import com.openai.models.completions.CompletionCreateParams;
import com.openai.models.embeddings.CreateEmbeddingResponse;
import com.openai.models.embeddings.EmbeddingCreateParams;
import com.openai.models.models.Model;
import graft.engine.FakeEngine;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The official Java client, unchanged, against our routes. */
@Timeout(60)
class OpenAiClientTest {
    private InferenceWorld world;
    private OpenAIClient client;

    @BeforeEach
    void start() {
        world = new InferenceWorld(InferenceWorld.saying("Grüße 𝄞"));
        client = client("good");
    }

    private OpenAIClient client(String key) {
        return OpenAIOkHttpClient.builder().baseUrl(world.server.uri("/v1").toString()).apiKey(key).maxRetries(0)
                .build();
    }

    @AfterEach
    void stop() {
        client.close();
        world.close();
    }

    private static ChatCompletionCreateParams.Builder hello() {
        return ChatCompletionCreateParams.builder().model("toy").addDeveloperMessage("Be kind.").addUserMessage("Hi")
                .temperature(0);
    }

    @Test
    void chatAnswers() {
        ChatCompletion answer = client.chat().completions().create(hello().n(2).logprobs(true).topLogprobs(2).build());
        answer.validate();
        assertEquals(2, answer.choices().size());
        assertEquals("Grüße 𝄞", answer.choices().getFirst().message().content().orElseThrow());
        assertEquals(ChatCompletion.Choice.FinishReason.STOP, answer.choices().getFirst().finishReason());
        assertEquals(26, answer.usage().orElseThrow().completionTokens());
        assertEquals(12, answer.choices().getFirst().logprobs().orElseThrow().content().orElseThrow().size());
    }

    @Test
    void chatStreamsAndEndsWithUsage() {
        StringBuilder text = new StringBuilder();
        long[] usage = {0};
        try (StreamResponse<ChatCompletionChunk> chunks = client.chat().completions().createStreaming(hello()
                .streamOptions(ChatCompletionStreamOptions.builder().includeUsage(true).build()).build())) {
            chunks.stream().forEach(chunk -> {
                chunk.validate();
                chunk.choices().forEach(choice -> choice.delta().content().ifPresent(text::append));
                chunk.usage().ifPresent(used -> usage[0] = used.completionTokens());
            });
        }
        assertEquals("Grüße 𝄞", text.toString());
        assertEquals(13, usage[0]);
    }

    @Test
    void toolCallsAnswerWholeAndStreamedAndGoBackIntoTheConversation() {
        String call = "<tool_call>\n{\"name\": \"weather\", \"arguments\": {\"city\": \"Bern\"}}\n</tool_call>";
        try (InferenceWorld calling = new InferenceWorld(InferenceWorld.saying(call), FakeEngine.INBOX, 8192)) {
            OpenAIClient caller = OpenAIOkHttpClient.builder().baseUrl(calling.server.uri("/v1").toString())
                    .apiKey("good").maxRetries(0).build();
            ChatCompletionCreateParams.Builder asked = hello().maxTokens(200).addTool(ChatCompletionFunctionTool.builder()
                    .function(FunctionDefinition.builder().name("weather").strict(true)
                            .parameters(FunctionParameters.builder().putAdditionalProperty("type",
                                    JsonValue.from("object")).putAdditionalProperty("properties", JsonValue.from(
                                            Map.of("city", Map.of("type", "string")))).build()).build()).build());
            ChatCompletion whole = caller.chat().completions().create(asked.build());
            whole.validate();
            ChatCompletion.Choice choice = whole.choices().getFirst();
            assertEquals(ChatCompletion.Choice.FinishReason.TOOL_CALLS, choice.finishReason());
            assertTrue(choice.message().content().isEmpty());
            var function = choice.message().toolCalls().orElseThrow().getFirst().asFunction();
            assertEquals("weather", function.function().name());
            assertEquals("{\"city\": \"Bern\"}", function.function().arguments());
            ChatCompletionAccumulator together = ChatCompletionAccumulator.create();
            try (StreamResponse<ChatCompletionChunk> chunks = caller.chat().completions().createStreaming(
                    asked.build())) {
                chunks.stream().forEach(together::accumulate);
            }
            assertEquals(function.function(), together.chatCompletion().choices().getFirst().message().toolCalls()
                    .orElseThrow().getFirst().asFunction().function());
            ChatCompletion next = caller.chat().completions().create(asked.addMessage(choice.message()).addMessage(
                    ChatCompletionToolMessageParam.builder().toolCallId(function.id()).content("sunny").build()).build());
            assertEquals(1, next.choices().size());
            caller.close();
        }
    }

    @Test
    void graftFieldsTravelAsExtraProperties() {
        ChatCompletion answer = client.chat().completions().create(ChatCompletionCreateParams.builder().model("reader")
                .addUserMessage("Weight?").temperature(0).maxTokens(32)
                .putAdditionalBodyProperty("graft",
                        JsonValue.from(Map.of("vector_store_ids", List.of(InferenceWorld.STORE)))).build());
        assertEquals("reader@3", answer.model());
        String graft = answer._additionalProperties().get("graft").toString();
        assertTrue(graft.contains("ret_1") && graft.contains("chunk-1"), graft);
    }

    @Test
    void completionsTakeTextsAndTokenIds() {
        Completion text = client.completions().create(CompletionCreateParams.builder().model("toy").prompt("Once")
                .temperature(0).maxTokens(13).echo(true).build());
        text.validate();
        assertEquals("OnceGrüße 𝄞", text.choices().getFirst().text());
        Completion many = client.completions().create(CompletionCreateParams.builder().model("toy")
                .promptOfArrayOfStrings(List.of("a", "b")).temperature(0).maxTokens(3).n(2).logprobs(2).build());
        many.validate();
        assertEquals(4, many.choices().size());
        assertEquals("Gr\uFFFD", many.choices().get(3).text());
        assertEquals("length", many.choices().getFirst().finishReason().toString());
        assertEquals(2, many.usage().orElseThrow().promptTokens());
        Completion ids = client.completions().create(CompletionCreateParams.builder().model("bare")
                .promptOfArrayOfTokenArrays(List.of(List.of(5L, 6L), List.of(7L))).temperature(0).maxTokens(4)
                .putAdditionalBodyProperty("graft", JsonValue.from(Map.of("return_token_ids", true, "top_logprobs", 1)))
                        .build());
        assertEquals("", ids.choices().getFirst().text());
        String graft = ids.choices().getFirst()._additionalProperties().get("graft").toString();
        assertTrue(graft.contains("[5, 6, 63]"), graft);
        assertThrows(BadRequestException.class, () -> client.completions().create(CompletionCreateParams.builder()
                .model("toy").prompt("x").suffix("y").build()));
    }

    @Test
    void completionsStream() {
        StringBuilder text = new StringBuilder();
        try (StreamResponse<Completion> chunks = client.completions().createStreaming(CompletionCreateParams.builder()
                .model("toy").prompt("Once ").temperature(0).maxTokens(20).echo(true).build())) {
            chunks.stream().forEach(chunk -> chunk.choices().forEach(choice -> text.append(choice.text())));
        }
        assertEquals("Once Grüße 𝄞", text.toString());
    }

    @Test
    void embeddingsComeAsNumbersAndAsBase64() {
        EmbeddingCreateParams.Builder asked = EmbeddingCreateParams.builder().model("letters")
                .inputOfArrayOfStrings(List.of("abc", "d"));
        CreateEmbeddingResponse base64 = client.embeddings().create(asked.build());
        CreateEmbeddingResponse numbers = client.embeddings()
                .create(asked.encodingFormat(EmbeddingCreateParams.EncodingFormat.FLOAT).build());
        assertEquals(2, numbers.data().size());
        assertEquals(numbers.data().getFirst().embedding(), base64.data().getFirst().embedding());
        assertEquals(4, numbers.usage().promptTokens());
        List<Float> shorter = client.embeddings().create(asked.dimensions(2).build()).data().getFirst().embedding();
        assertEquals(2, shorter.size());
        assertEquals(1, shorter.get(0) * shorter.get(0) + shorter.get(1) * shorter.get(1), 1e-5);
        assertEquals("embeddings", world.ledger.getFirst().start.operation());
        assertEquals(4, world.ledger.getFirst().settled.promptTokens());
        assertThrows(BadRequestException.class, () -> client.embeddings().create(EmbeddingCreateParams.builder()
                .model("letters").input("longer than sixteen bytes").build()));
        assertThrows(NotFoundException.class, () -> client.embeddings().create(EmbeddingCreateParams.builder()
                .model("toy").input("a").build()));
    }

    @Test
    void modelsAreListedAndFoundByEveryName() {
        List<String> ids = client.models().list().data().stream().map(Model::id).toList();
        assertEquals(List.of("toy", "reader", "reader@production"), ids);
        assertEquals("reader@production", client.models().retrieve("reader@production").id());
        Model pinned = client.models().retrieve("reader@3");
        assertEquals("tenant-a", pinned.ownedBy());
        assertTrue(pinned._additionalProperties().get("graft").toString().contains("sha256:reader"));
        assertThrows(NotFoundException.class, () -> client.models().retrieve("nobody/absent@9"));
    }

    @Test
    void errorsAreTheClientsOwnExceptions() {
        BadRequestException wrong = assertThrows(BadRequestException.class, () -> client.chat().completions().create(
                hello().putAdditionalBodyProperty("graft", JsonValue.from(Map.of("nonsense", 1))).build()));
        assertEquals("graft.nonsense", wrong.param().orElseThrow());
        NotFoundException absent = assertThrows(NotFoundException.class,
                () -> client.chat().completions().create(hello().model("nobody").build()));
        assertEquals("model_not_found", absent.code().orElseThrow());
        OpenAIClient stranger = client("bad");
        assertThrows(UnauthorizedException.class, () -> stranger.models().list());
        stranger.close();
    }
}
