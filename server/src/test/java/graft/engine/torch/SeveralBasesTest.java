package graft.engine.torch;

import static graft.engine.torch.AdapterGoldenTest.adapter;
import static graft.engine.torch.AdapterGoldenTest.cases;
import static graft.engine.torch.AdapterGoldenTest.check;
import static graft.engine.torch.AdapterGoldenTest.ints;
import static graft.engine.torch.AdapterGoldenTest.submit;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.scheduling.drafting.Speculation;
import graft.weights.TestModels;
import org.junit.jupiter.api.Test;

/** Engines beside each other in one process, and KV pools by what memory is free. */
class SeveralBasesTest {
    @Test
    void threeBasesInOneProcessAnswerAsEachAlone() {
        try (var llama = open("tiny-llama3", 0.001); var qwen = open("tiny-qwen3", 0.001); var deepSeek = open("tiny-deepseek-v3", 0.001)) {
            var first = cases("adapters/l3-r16-all").get(0);
            var second = cases("adapters/q3-r8-all").get(0);
            var third = cases("adapters/dsv3-r8-attn").get(0);
            var one = submit(llama, ints(first.get("input_ids")), 10, adapter("l3-r16-all", 1));
            var two = submit(qwen, ints(second.get("input_ids")), 10, adapter("q3-r8-all", 1));
            var three = submit(deepSeek, ints(third.get("input_ids")), 10, adapter("dsv3-r8-attn", 1));
            check(first, one);
            check(second, two);
            check(third, three);
        }
    }

    @Test
    void aFractionOfFreeMemoryHoldsAsManyBlocksAsItSays() {
        // 3 layers x keys and values x 2 heads of 8 x 4 bytes x 4 tokens a block
        long block = 3 * 2 * 2 * 8 * 4 * 4;
        double fraction = 40.5 * block / TorchDevice.freeBytes("cpu");
        try (var engine = open("tiny-llama3", fraction)) {
            int blocks = engine.status().blocks().total();
            assertTrue(blocks >= 20 && blocks <= 80, "other processes take and give memory meanwhile: " + blocks);
        }
        try (var engine = open("tiny-llama3", 0.5)) {
            assertEquals(32 * 512 / 4, engine.status().blocks().total(), "no more than the batch could ever use");
        }
        var refused = assertThrows(UnsupportedModelException.class, () -> open("tiny-llama3", 1e-12));
        assertTrue(refused.getMessage().contains("engine.kv-fraction=1.0E-12"), refused.getMessage());
    }

    private static TorchEngine open(String model, double kvFraction) {
        return TorchEngine.open(model, TestModels.folder("models/" + model), new TorchSettings(Precision.FLOAT32, "cpu", 1, 0,
                kvFraction, 4, 512, 32, 64, 16, 64 << 20, 0, 2, 512, 10, true, Speculation.DEFAULT));
    }
}
