package graft.knowledge.retrieval;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import graft.knowledge.Ingestion;
import graft.knowledge.KnowledgeRig;
import graft.knowledge.KnowledgeSearch;
import graft.knowledge.WordEmbedder;
import graft.registry.knowledge.KnowledgeStore;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;

class LinksIT {
    @Test
    void targetsAreFileNamesAndUrlsOfLinksWikiLinksAndMentions() {
        assertEquals(Set.of("pump care.md", "https://a.example/x/valve.html", "valve.html", "shaft", "shaft.md",
                "shaft.txt", "shaft.html", "notes-2.txt"), Links.targets("See [care](../docs/Pump%20Care.md#daily),"
                + " [v](https://a.example/x/valve.html), [[Shaft|the shaft]] and notes-2.txt, not v1.2 or a.b."));
        assertEquals(Set.of("a%zz.md"), Links.targets("[x](a%zz.md)"));
    }

    @Test
    void documentsThatAResultLinksToComeBehindItWhereTheyMeetTheFilter() {
        try (KnowledgeRig rig = new KnowledgeRig(WordEmbedder.text()); Ingestion ingestion = rig.ingestion()) {
            ingestion.start();
            String tenant = rig.tenant("reader");
            KnowledgeStore store = rig.store(tenant);
            Map<String, String> files = new LinkedHashMap<>();
            Map<String, String> texts = new LinkedHashMap<>(); // the pump first: its link to itself is not to count
            texts.put("pump.md", "# Pump\n\nThe pump needs oil: [oil](Oil.md), see also secret.md and pump.md.");
            texts.put("Oil.md", "# Oil\n\nGrade nine only.");
            texts.put("secret.md", "# Other\n\nNothing of it.");
            texts.forEach((name, text) -> {
                files.put(name, rig.upload(tenant, name, text));
                rig.attach(tenant, store, files.get(name), name.equals("secret.md") ? "{\"team\":\"b\"}"
                        : "{\"team\":\"a\"}");
            });
            KnowledgeRig.await(Duration.ofSeconds(30), () -> rig.counts(tenant, store).completed() == 3);
            KnowledgeSearch.Results found = rig.search.search(new KnowledgeSearch.Request(tenant, List.of(store.id()),
                    List.of("pump"), 1, Optional.of("{\"type\":\"eq\",\"key\":\"team\",\"value\":\"a\"}"), 0,
                    new KnowledgeSearch.Manner(Ranking.BM25, Expansion.Kind.LINKS, false)));
            assertEquals(List.of(files.get("pump.md"), files.get("Oil.md")),
                    found.results().stream().map(one -> one.passage().fileId()).toList());
            String linking = found.results().getFirst().passage().chunkId();
            assertEquals(Optional.empty(), found.results().getFirst().linkedFrom());
            assertEquals(Optional.of(linking), found.results().getLast().linkedFrom());
            String record = rig.retrievals.find(tenant, found.retrievalId()).orElseThrow().entry().candidates();
            assertTrue(record.replace(" ", "").contains("\"linked_from\":\"" + linking + "\""), record);
        }
    }
}
