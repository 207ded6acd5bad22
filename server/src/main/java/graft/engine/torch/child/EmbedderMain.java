package graft.engine.torch.child;

import graft.engine.Embedder;
import graft.engine.torch.TorchEmbedder;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.FileDescriptor;
import java.io.FileInputStream;
import java.io.FileOutputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The child of {@link EmbedderProcess}: reads texts as token ids from standard input and writes their vectors to
 * standard output until the input ends. Arguments: folder, most tokens of a text, most tokens of a native call.
 */
public final class EmbedderMain {
    static final int VECTORS = 0;
    static final int REFUSED = 1;

    private EmbedderMain() {}

    public static void main(String[] arguments) throws IOException {
        DataOutputStream out = new DataOutputStream(new BufferedOutputStream(new FileOutputStream(FileDescriptor.out)));
        // Whatever a library prints must not come between the vectors.
        System.setOut(System.err);
        DataInputStream in = new DataInputStream(new BufferedInputStream(new FileInputStream(FileDescriptor.in)));
        try (Embedder embedder = TorchEmbedder.open("child", Path.of(arguments[0]), "cpu",
                Integer.parseInt(arguments[1]), Integer.parseInt(arguments[2]))) {
            out.writeInt(embedder.dimensions());
            out.writeInt(embedder.window());
            out.flush();
            while (answer(embedder, in, out)) out.flush();
        }
    }

    private static boolean answer(Embedder embedder, DataInputStream in, DataOutputStream out) throws IOException {
        List<int[]> texts = new ArrayList<>();
        try {
            int count = in.readInt();
            for (int i = 0; i < count; i++) {
                int[] text = new int[in.readInt()];
                for (int k = 0; k < text.length; k++) text[k] = in.readInt();
                texts.add(text);
            }
        } catch (EOFException ended) {
            return false;
        }
        try {
            List<float[]> vectors = embedder.embed(texts);
            out.writeInt(VECTORS);
            for (float[] vector : vectors) for (float value : vector) out.writeFloat(value);
        } catch (IllegalArgumentException refused) {
            out.writeInt(REFUSED);
            out.writeUTF(String.valueOf(refused.getMessage()));
        }
        return true;
    }
}
