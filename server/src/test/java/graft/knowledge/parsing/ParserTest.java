package graft.knowledge.parsing;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import java.io.IOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

/** What stored text becomes of a document of each kind, to the letter. */
class ParserTest {
    private static final Parser PARSER = new Parser(Parser.Settings.DEFAULTS);

    @AfterAll
    static void close() {
        PARSER.close();
    }

    @Test
    void htmlKeepsWhatAReaderSees() {
        check(DocumentKind.HTML, SampleDocuments.html(), """
                # Station Orla

                The pump was built in 1987.
                It still runs. \ud834\udd1e

                ## Parts

                - Rotor
                  1. blade
                  2. hub
                - Seal
                  of rubber

                | Part | Mass |
                | --- | --- |
                | Impeller | 12 kg |
                | Shaft\\|axle | 30 kg |

                ```
                a  b
                  c
                ```

                A drawing
                """);
    }

    @Test
    void anEmailKeepsItsHeaderItsPlainTextAndTheNamesOfItsAttachments() {
        check(DocumentKind.EMAIL, SampleDocuments.email(), """
                # Wartung der Pumpe

                From: Jürgen <j@example.org>
                To: Ops <ops@example.org>
                Date: Mon, 1 Jun 2026 09:00:00 +0000

                Die Pumpe Orla läuft.

                Bitte das Öl wechseln.

                Attachments:

                - plan.pdf
                """);
    }

    @Test
    void aPdfKeepsItsPagesApartAndItsParagraphsTogether() throws IOException {
        check(DocumentKind.PDF, SampleDocuments.pdf(), """
                # Station Orla

                The pump of the station was built in 1987 by the works and has been maintained every year since \
                then by the people of the station itself, who know it well.

                ## Parts

                The impeller weighs 12 kg.
                \f
                \f
                The shaft weighs 30 kg.
                """);
    }

    @Test
    void aWordDocumentKeepsHeadingsListsAndTablesInTheirOrder() throws IOException {
        check(DocumentKind.DOCX, SampleDocuments.docx(), """
                # Station Orla

                The pump was built in 1987.

                ## Parts

                - Rotor
                - Seal

                | Part | Mass |
                | --- | --- |
                | Impeller | 12 kg |
                | Shaft | 30 kg |

                The end.
                """);
    }

    @Test
    void aWorkbookIsItsSheetsAsTables() throws IOException {
        check(DocumentKind.XLSX, SampleDocuments.xlsx(), """
                # Orla parts

                | Part | Mass |
                | --- | --- |
                | Impeller | 12 kg |
                | Shaft | 30 kg |

                |  | 42.5 |
                | --- | --- |
                |  | TRUE |
                """);
    }

    @Test
    void slidesArePagesUnderTheirTitles() throws IOException {
        check(DocumentKind.PPTX, SampleDocuments.pptx(), """
                # Station Orla

                - Built in 1987
                \f
                # Parts

                | Part | Mass |
                | --- | --- |
                | Impeller | 12 kg |
                | Shaft | 30 kg |

                ## Notes

                Ask Mara.
                """);
    }

    private static void check(DocumentKind kind, byte[] bytes, String expected) {
        assertEquals(expected, assertInstanceOf(Parsed.Text.class, PARSER.parse(kind, bytes)).text());
    }
}
