package graft.weights;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadConstraints;
import com.fasterxml.jackson.core.StreamReadFeature;
import graft.weights.TensorFile.ElementType;
import graft.weights.TensorFile.TensorInfo;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * The JSON header of a safetensors file, proved against the size of the data behind it: known types, sizes that follow
 * from type and shape, and tensors that fill the data without overlap, gap or rest.
 */
record SafetensorsHeader(Map<String, Entry> entries, Map<String, String> metadata) {
    /** Bytes [begin, end) of the data belong to the tensor. */
    record Entry(TensorInfo info, long begin, long end) {}

    private static final int DEEPEST = 3;
    private static final int MOST_DIMENSIONS = 8;
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder().maxNestingDepth(DEEPEST).maxNumberLength(20).build())
            .disable(com.fasterxml.jackson.core.JsonFactory.Feature.INTERN_FIELD_NAMES)
            .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
            .build();

    static SafetensorsHeader parse(String file, byte[] json, long dataLength) {
        Map<String, Entry> entries = new LinkedHashMap<>();
        Map<String, String> metadata = new LinkedHashMap<>();
        try (JsonParser parser = FACTORY.createParser(JsonFields.utf8(json))) {
            if (parser.nextToken() != JsonToken.START_OBJECT) throw new IOException("it is not an object");
            while (parser.nextToken() != JsonToken.END_OBJECT) {
                String name = parser.currentName();
                parser.nextToken();
                if (name.equals("__metadata__")) readMetadata(parser, metadata);
                else entries.put(name, readEntry(file, name, parser));
            }
            if (parser.nextToken() != null) throw new IOException("it goes on after its object");
        } catch (java.nio.charset.CharacterCodingException notUtf8) {
            throw new InvalidTensorFileException(file, "has a header that is not UTF-8");
        } catch (IOException notJson) {
            String why = String.valueOf(notJson.getMessage()).lines().findFirst().orElse("");
            throw new InvalidTensorFileException(file,
                    "has an unreadable header: " + InvalidTensorFileException.printable(why));
        }
        proveLayout(file, entries.values(), dataLength);
        return new SafetensorsHeader(entries, metadata);
    }

    private static void readMetadata(JsonParser parser, Map<String, String> into) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) throw new IOException("__metadata__ is not an object");
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String key = parser.currentName();
            if (parser.nextToken() != JsonToken.VALUE_STRING) {
                throw new IOException("__metadata__ holds more than strings");
            }
            into.put(key, parser.getText());
        }
    }

    private static Entry readEntry(String file, String name, JsonParser parser) throws IOException {
        if (parser.currentToken() != JsonToken.START_OBJECT) {
            throw new InvalidTensorFileException(file, name, "is not an object");
        }
        Optional<String> type = Optional.empty();
        Optional<List<Long>> shape = Optional.empty();
        Optional<List<Long>> offsets = Optional.empty();
        while (parser.nextToken() != JsonToken.END_OBJECT) {
            String field = parser.currentName();
            parser.nextToken();
            switch (field) {
                case "dtype" -> type = Optional.of(parser.getText());
                case "shape" -> shape = Optional.of(numbers(file, name, field, parser));
                case "data_offsets" -> offsets = Optional.of(numbers(file, name, field, parser));
                default -> throw new InvalidTensorFileException(file, name, "has an unknown field "
                        + InvalidTensorFileException.printable(field));
            }
        }
        if (type.isEmpty() || shape.isEmpty() || offsets.isEmpty() || offsets.get().size() != 2) {
            throw new InvalidTensorFileException(file, name, "lacks dtype, shape or two data_offsets");
        }
        TensorInfo info = new TensorInfo(name, elementType(file, name, type.get()), shape.get());
        return provedSize(file, new Entry(info, offsets.get().get(0), offsets.get().get(1)));
    }

    private static List<Long> numbers(String file, String name, String field, JsonParser parser) throws IOException {
        List<Long> numbers = new ArrayList<>();
        if (parser.currentToken() != JsonToken.START_ARRAY) {
            throw new InvalidTensorFileException(file, name, field + " is not a list");
        }
        while (parser.nextToken() != JsonToken.END_ARRAY) {
            boolean whole = parser.currentToken() == JsonToken.VALUE_NUMBER_INT
                    && parser.getNumberType() != JsonParser.NumberType.BIG_INTEGER;
            if (!whole || parser.getLongValue() < 0 || numbers.size() == MOST_DIMENSIONS) {
                throw new InvalidTensorFileException(file, name,
                        "has a " + field + " that is not a short list of sizes");
            }
            numbers.add(parser.getLongValue());
        }
        return numbers;
    }

    private static ElementType elementType(String file, String name, String type) {
        return switch (type) {
            case "F32" -> ElementType.F32;
            case "F16" -> ElementType.F16;
            case "BF16" -> ElementType.BF16;
            case "F64" -> ElementType.F64;
            case "I64" -> ElementType.I64;
            case "I32" -> ElementType.I32;
            case "I16" -> ElementType.I16;
            case "I8" -> ElementType.I8;
            case "U8" -> ElementType.U8;
            case "BOOL" -> ElementType.BOOL;
            case "F8_E4M3" -> ElementType.F8_E4M3;
            default -> throw new InvalidTensorFileException(file, name, "has the type "
                    + InvalidTensorFileException.printable(type) + ", which is not supported");
        };
    }

    private static Entry provedSize(String file, Entry entry) {
        TensorInfo info = entry.info();
        long wanted;
        try {
            wanted = Elements.bytes(info.type(), info.elements());
        } catch (ArithmeticException tooLarge) {
            throw new InvalidTensorFileException(file, info.name(),
                    "claims more elements than there can be: " + info.shape());
        }
        if (entry.end() - entry.begin() != wanted) {
            throw new InvalidTensorFileException(file, info.name(), "takes " + (entry.end() - entry.begin())
                    + " bytes, " + info.type() + " of " + info.shape() + " wants " + wanted);
        }
        return entry;
    }

    private static void proveLayout(String file, Iterable<Entry> entries, long dataLength) {
        List<Entry> ordered = new ArrayList<>();
        entries.forEach(ordered::add);
        ordered.sort(Comparator.comparingLong(Entry::begin).thenComparingLong(Entry::end));
        long filled = 0;
        for (Entry entry : ordered) {
            String name = entry.info().name();
            if (entry.begin() < filled) {
                throw new InvalidTensorFileException(file, name, "overlaps the bytes of another tensor");
            }
            if (entry.begin() > filled) {
                throw new InvalidTensorFileException(file, name, "leaves a gap of bytes before it");
            }
            filled = entry.end();
            if (filled > dataLength) {
                throw new InvalidTensorFileException(file, name,
                        "ends at byte " + filled + " of the data, the file has only "
                        + dataLength + ": it is cut off");
            }
        }
        if (filled != dataLength) {
            throw new InvalidTensorFileException(file,
                    "has " + (dataLength - filled) + " bytes that belong to no tensor");
        }
    }
}
