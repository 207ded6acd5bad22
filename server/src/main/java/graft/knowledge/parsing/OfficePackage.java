package graft.knowledge.parsing;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import org.apache.poi.openxml4j.exceptions.InvalidFormatException;
import org.apache.poi.openxml4j.opc.OPCPackage;
import org.apache.poi.openxml4j.opc.PackagePart;
import org.apache.poi.openxml4j.opc.PackageRelationshipCollection;
import org.apache.poi.openxml4j.opc.PackageRelationshipTypes;
import org.apache.poi.openxml4j.util.ZipSecureFile;
import org.apache.poi.poifs.filesystem.POIFSFileSystem;

/** Opens Office Open XML files, and says by name which ones it does not. POI's XML readers refuse every DTD. */
final class OfficePackage {
    /** Of one part and of all parts' number; a part that is squeezed a hundredfold is a bomb (POI's own measure). */
    private static final long MOST_PART_BYTES = 256L << 20;
    private static final long MOST_PARTS = 10_000;
    private static final double LEAST_RATIO = 0.01;
    private static final String ENCRYPTED = "EncryptedPackage";

    private OfficePackage() {}

    /** The caller closes it by {@link OPCPackage#revert}: nothing is written. */
    static OPCPackage open(DocumentKind kind, byte[] bytes) throws IOException, InvalidFormatException {
        if (Magic.binary(bytes).filter(Magic.OLE2::equals).isPresent()) throw refuseBinary(kind, bytes);
        ZipSecureFile.setMinInflateRatio(LEAST_RATIO);
        ZipSecureFile.setMaxEntrySize(MOST_PART_BYTES);
        ZipSecureFile.setMaxFileCount(MOST_PARTS);
        OPCPackage opened = OPCPackage.open(new ByteArrayInputStream(bytes));
        String type = mainType(kind, opened);
        boolean agrees = switch (kind) {
            case DOCX -> type.contains("word");
            case PPTX -> type.contains("presentation") || type.contains("powerpoint");
            case XLSX -> type.contains("spreadsheet") || type.contains("excel");
            case HTML, PDF, EMAIL -> throw new IllegalArgumentException(kind.toString());
        };
        if (agrees) return opened;
        throw DocumentRefusedException.invalid("The file's name says " + kind.title() + ", but its content is of the"
                + " type " + MarkdownWriter.line(type) + ".");
    }

    private static String mainType(DocumentKind kind, OPCPackage opened) throws InvalidFormatException {
        PackageRelationshipCollection main =
                opened.getRelationshipsByType(PackageRelationshipTypes.CORE_DOCUMENT);
        PackagePart part = main.isEmpty() ? null : opened.getPart(main.getRelationship(0));
        if (part != null) return part.getContentType();
        if (!opened.getRelationshipsByType(PackageRelationshipTypes.STRICT_CORE_DOCUMENT).isEmpty()) {
            throw DocumentRefusedException.unsupported("The file is Strict Open XML: save it as an ordinary "
                    + kind.title() + " file.");
        }
        throw DocumentRefusedException.invalid("The file is a ZIP archive, not a " + kind.title() + " document.");
    }

    private static DocumentRefusedException refuseBinary(DocumentKind kind, byte[] bytes) throws IOException {
        try (POIFSFileSystem files = new POIFSFileSystem(new ByteArrayInputStream(bytes))) {
            return DocumentRefusedException.unsupported(files.getRoot().hasEntry(ENCRYPTED)
                    ? "The " + kind.title() + " file is encrypted: remove its password and upload it again."
                    : "The file is of an old Microsoft Office format: save it as " + kind.title() + ".");
        }
    }
}
