package graft.engine.torch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

class PlacesTest {
    private static int takeAll(Places places, String tenant) {
        int taken = 0;
        while (places.take(tenant)) taken++;
        return taken;
    }

    @Test
    void oneTenantLeavesAQuarterToOthersAndNobodyIsShutOut() {
        Places places = new Places(100);
        assertEquals(75, takeAll(places, "greedy"));
        for (int i = 0; i < 9; i++) assertTrue(places.take("tenant " + i));
        assertFalse(places.take("greedy"));
    }

    @Test
    void allPlacesAreUsedAndNoneIsLost() {
        Places places = new Places(10);
        int taken = takeAll(places, "a") + takeAll(places, "b") + takeAll(places, "c");
        assertEquals(10, taken);
        assertFalse(places.take("d"));
        places.giveBack("a");
        assertTrue(places.take("d"));
        assertFalse(places.take("d"));
    }
}
