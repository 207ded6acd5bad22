import { z } from 'zod';

// Zod would else compile with new Function, which the content policy forbids.
z.config({ jitless: true });

export { z };
